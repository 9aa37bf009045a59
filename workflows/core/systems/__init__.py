"""The circuit breaker of a system."""

"""Orders submitted."""

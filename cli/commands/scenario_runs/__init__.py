"""Run scenarios: test."""

"""Compares what happened in a scenario with what it expects."""

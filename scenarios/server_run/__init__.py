"""Runs scenarios on the real engine: a real Temporal server that skips time, real workflows, real HTTP calls."""

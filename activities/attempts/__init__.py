"""Attempts of an activity: failures, retries, heartbeats."""

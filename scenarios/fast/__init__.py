"""Runs a scenario on the core without a server: the time is a number, and what the order wants done is done at once."""

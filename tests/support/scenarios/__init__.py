"""Runs of scenarios, on the core and on the server."""

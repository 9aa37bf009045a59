"""Orders on a real Temporal server, with activities that answer as a test says."""

"""Systems and receivers as this worker reaches them: URLs, credentials, connections."""

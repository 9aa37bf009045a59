"""Activities of bulk jobs."""

"""Worker processes, workers inside the test's process, and what is deployed on them."""

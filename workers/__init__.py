"""Parts of the worker process that `worker.py` starts: connection, workers for each task queue, reports, logs."""

"""What a worker process consists of: its connection, a worker for each task queue, its logs; `worker.py` starts it."""

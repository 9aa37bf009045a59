"""Orders and amendments compiled in the worker, and its live catalogue."""

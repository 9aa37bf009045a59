"""Bulk jobs, which go on without the terminal."""

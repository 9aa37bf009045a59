"""Bulk jobs: chosen, tried out, begun, watched."""

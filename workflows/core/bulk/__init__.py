"""Bulk jobs: what comes next, when to wait, when to stop."""

"""Checks that every request passes before a page handles it."""

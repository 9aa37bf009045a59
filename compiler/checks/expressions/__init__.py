"""Expressions and named values."""

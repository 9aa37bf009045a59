"""Bulk jobs as pages show them."""

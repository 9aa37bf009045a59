"""Consoles, people who are signed in to them, and orders for their pages."""

"""Undos, and the failure policies that need them."""

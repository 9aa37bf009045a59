"""Operator actions, one file each."""

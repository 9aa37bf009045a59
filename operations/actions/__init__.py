"""Operator actions and amendments."""

"""Expressions in CEL: parsed and evaluated."""

"""The types of expressions, checked at load."""

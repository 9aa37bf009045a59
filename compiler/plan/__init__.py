"""The plan, its encoding and its JSON."""

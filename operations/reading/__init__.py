"""Orders, lists and worklists."""

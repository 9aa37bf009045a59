"""Names: what is not defined, what nothing uses, what contains itself."""

"""Orders: read, and checked by themselves."""

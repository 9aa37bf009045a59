"""How long data stays: the archive, legal hold, and the erasure of a customer."""

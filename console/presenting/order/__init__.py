"""One order: what its page says about it."""

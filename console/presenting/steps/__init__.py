"""One step as its page shows it."""

"""Commands on steps."""

"""A page for every operator action."""

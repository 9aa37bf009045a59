"""The state of a running order, and the rules for changing it."""

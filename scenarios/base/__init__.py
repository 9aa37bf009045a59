"""What runs of scenarios on the core and on the server have in common."""

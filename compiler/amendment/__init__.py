"""What an amendment changes in a plan."""

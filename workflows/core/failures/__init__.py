"""What follows when a step fails."""

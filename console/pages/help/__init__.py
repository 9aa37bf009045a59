"""What the console shows, explained."""

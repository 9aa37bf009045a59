"""What workflows and activities say to each other: names and data, no behaviour."""

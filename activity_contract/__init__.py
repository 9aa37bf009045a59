"""The messages between workflows and activities: names and data, no behaviour."""

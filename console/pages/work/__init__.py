"""The inbox: tasks and fallout."""

"""Roll-back and redo: which steps are undone, and in which order."""

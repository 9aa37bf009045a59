"""From lines to steps that wait for each other."""

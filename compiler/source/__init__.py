"""Files and their text: YAML with positions, and findings."""

"""How steps and undos start, wait, end, and react to events and callbacks."""

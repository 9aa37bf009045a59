"""What scenarios reach of a catalogue, and what none does."""

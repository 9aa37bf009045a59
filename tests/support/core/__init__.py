"""Plans without a catalogue, and orders that the core runs without Temporal: by hand or at random."""

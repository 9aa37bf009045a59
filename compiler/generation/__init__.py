"""Generates orders from the declarations of a catalogue, and finds the smallest one that shows something."""

"""Mutation tests of definitions: small faults are put into a catalogue, and its scenarios should find them."""

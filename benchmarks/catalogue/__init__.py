"""Definitions: how fast a catalogue loads, an order is compiled and scenarios run."""

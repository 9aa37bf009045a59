"""The pure core: YAML definitions become a catalogue, an order and a catalogue become a plan.

Nothing here knows Temporal, and nothing does I/O beyond reading definition and order files.
"""

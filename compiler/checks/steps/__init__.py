"""Steps: their order, outputs, waits and keys."""

"""The HTTP door: orders in; events and callbacks in."""

"""The HTTP door: orders in, events and callbacks in, operators' acts. It keeps nothing itself."""

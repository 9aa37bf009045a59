"""The HTTP API: orders, events, callbacks and operator actions. It stores nothing itself."""

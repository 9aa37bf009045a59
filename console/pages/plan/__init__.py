"""The Plan tab of an order."""

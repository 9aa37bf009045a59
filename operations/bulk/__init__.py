"""Actions on everything that fits a filter."""

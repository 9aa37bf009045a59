"""HTTP calls to systems."""

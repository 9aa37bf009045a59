"""Publishing versions of the catalogue, and reading those that are published."""

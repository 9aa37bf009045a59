"""The models of the definition language."""

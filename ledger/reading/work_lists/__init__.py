"""Lists of the steps that wait for a person or are at a system, and groups of them."""

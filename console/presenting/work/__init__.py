"""Tasks and fallout as the inbox shows them."""

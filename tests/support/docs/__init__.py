"""README, pages and examples, as a person follows them."""

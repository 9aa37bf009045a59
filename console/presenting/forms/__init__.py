"""Forms: fields that are made from declarations, and what a person has typed into them."""

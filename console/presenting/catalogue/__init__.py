"""The catalogue as its pages show it: what is in force, offers, published versions and their differences."""

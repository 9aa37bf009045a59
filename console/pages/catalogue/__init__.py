"""Pages of the catalogue: what is in force, offers, published versions."""

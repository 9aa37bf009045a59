"""From definitions to the catalogue."""

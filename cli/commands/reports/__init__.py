"""The commands `report …` and `export`."""

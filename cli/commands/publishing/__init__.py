"""Published versions: publish, unpublish, versions; and what a client knows of the catalogue in force."""

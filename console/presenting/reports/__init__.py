"""Reports as their pages show them: figures, bars beside them, and links to the orders that they are about."""

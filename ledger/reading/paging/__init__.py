"""How a list is sorted, and where its next page begins."""

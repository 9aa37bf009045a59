"""The first files of a new offer: its definition, an order, and a scenario that passes."""

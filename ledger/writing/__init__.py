"""Turns changes of orders into rows: which change applies, which rows it makes, and how they get into the tables."""

"""`account …`: the accounts of people and programs, and their tokens."""

"""Orders on a real server: how many a worker does, what they cost, and how long they wait."""

"""The console in a real browser and its streams: how soon people see what they ask for, and what it weighs."""

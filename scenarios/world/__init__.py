"""What a scenario's `world` says, made ready for a run: which answer is next, and what happens when."""

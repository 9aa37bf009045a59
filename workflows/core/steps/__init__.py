"""What all kinds of steps share: expressions, outcomes, settlement, refusals."""

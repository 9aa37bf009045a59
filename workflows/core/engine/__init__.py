"""The loop of decisions: what happened goes in, commands come out."""

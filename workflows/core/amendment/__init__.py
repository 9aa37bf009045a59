"""Amendments: their impact on each step, how they are applied, and what they are answered."""

"""An order's plan as the Plan tab draws it: its structure, which an amendment changes, and its states, which move."""

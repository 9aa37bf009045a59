"""The lines of a plan: which stands under which, and which relies on which."""

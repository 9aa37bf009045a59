"""Systems and receivers."""

"""Systems and notifications as text."""

"""What queries answer."""

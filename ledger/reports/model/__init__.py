"""What reports contain, also as JSON. Nothing here needs a database library."""

"""Pages of order events that receivers have not got."""

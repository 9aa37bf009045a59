"""What editors need to know of definitions and orders: schemas, completion, hover, navigation, rename."""

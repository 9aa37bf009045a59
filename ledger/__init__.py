"""The read side of all orders in a relational database: its schema, what feeds it, its queries."""

"""The read side of all orders in a relational database: its schema, the projection that feeds it, its queries."""

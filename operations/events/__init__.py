"""Events and callbacks delivered to orders, and notifications that were not delivered."""

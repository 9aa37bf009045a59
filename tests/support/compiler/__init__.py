"""Small, broken and random catalogues, what differs between two, and rules of the compiler a second time."""

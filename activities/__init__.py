"""Side effects: HTTP calls to systems, compiling where the order runs, and Python activities."""

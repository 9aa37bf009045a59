"""`validate --deep`: generated orders are compiled, run and amended, to find what goes wrong with one of them."""

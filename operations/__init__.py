"""What a client may ask of orders, once, for the command line, the gateway and what comes later."""

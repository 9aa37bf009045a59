"""Random input, valid, nearly valid and wild: it works, or gives findings with a place. It never raises or hangs."""

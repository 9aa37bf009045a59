"""The sandbox: one real HTTP server that plays the systems which demo and tests call. Stands alone."""

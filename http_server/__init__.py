"""What the processes that speak HTTP share: their socket, log, settings, accounts, and checks of each request."""

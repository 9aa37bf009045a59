"""What an order or a step waits for."""

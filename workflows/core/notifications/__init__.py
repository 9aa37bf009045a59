"""Order events for receivers, and the queue of the order's outbox."""

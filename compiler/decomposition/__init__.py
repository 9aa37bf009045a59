"""From order lines to fulfilment lines."""

"""Delivery of order events to receivers."""

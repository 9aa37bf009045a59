"""Gateways, requests to them, and the schema that they publish."""

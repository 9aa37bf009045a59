"""Servers that are not Ordo's: Temporal, PostgreSQL, systems that follow a test, an identity provider."""

"""Signing in, with a token or at an identity provider, and signing out."""

"""Subscriptions at event mailboxes, and steps of other orders."""

"""Why the ledger refuses a question."""

from __future__ import annotations


class InvalidSearch(ValueError):
    """A filter, a sort or a cursor is wrong. The message says which one, and what is possible."""


class SearchTooSlow(Exception):
    """The database was stopped, because the answer would have taken too long."""

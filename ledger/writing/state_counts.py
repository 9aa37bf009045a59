"""The counters of current orders in each state."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from ledger.schema.tables import state_counts
from ledger.writing.statements import add_up

SLOTS = 64
"""Writers choose one by chance. Two writers on the same counter wait for each other."""


def add_to_state_counts(connection: Connection, differences: Mapping[str, int], slot: int) -> None:
    """`differences`: how many current orders more, or fewer, are in each state."""
    rows = [
        {"state": state, "slot": slot, "count": difference}
        for state, difference in sorted(differences.items())  # all writers in one order: none waits for another's end
        if difference
    ]
    add_up(connection, state_counts, rows, "count")

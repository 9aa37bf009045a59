"""Values in Temporal's visibility queries: what comes from outside stays a value."""

from __future__ import annotations

from datetime import UTC, datetime

from operations.errors import OperationRefused
from workflows.contract.order_messages import RefusalCode


def quote_literal(value: str) -> str:
    """`value` as a string literal, whatever it contains. Raises OperationRefused for NUL, which no query can carry."""
    if "\0" in value:
        raise OperationRefused(RefusalCode.INVALID, "A search cannot contain the character NUL")
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def time_literal(moment: datetime) -> str:
    """`moment` as a literal, in UTC. Raises OperationRefused if UTC has no such year."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise OperationRefused(
            RefusalCode.INVALID, f"{moment.isoformat()} is not within the years 1 to 9999 in UTC"
        ) from error
    return quote_literal(utc.isoformat(timespec="microseconds").replace("+00:00", "Z"))

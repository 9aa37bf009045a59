"""Asks the ledger whether an order's id was used before."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from operations.errors import OperationError
from operations.reading.ledger_access import LedgerAccess

ANSWER_TIMEOUT = 2.0
"""Seconds. An order does not wait longer for the ledger."""
PAUSE_AFTER_FAILURE = 10.0
"""Seconds in which a ledger that did not answer is not asked again."""


@dataclass(frozen=True)
class UsedId:
    """An order with this id was accepted once."""

    order_id: str
    digest: str | None
    """Of the order as last submitted or amended. None: unknown, or erased."""
    revision: int
    """The latest one."""


@dataclass(frozen=True)
class Uncertain:
    """The ledger did not answer."""

    reason: str


class UsedIds:
    def __init__(self, ledger: LedgerAccess) -> None:
        self._ledger = ledger
        self._failed_at: float | None = None
        self._failure = Uncertain("")

    async def find(self, order_id: str) -> UsedId | Uncertain | None:
        """None: no order with this id was ever accepted, as far as the ledger knows."""
        if self._failed_at is not None and time.monotonic() < self._failed_at + PAUSE_AFTER_FAILURE:
            return self._failure
        try:
            asked = self._ledger.ask(lambda reader: reader.find_used_id(order_id))
            row = await asyncio.wait_for(asked, ANSWER_TIMEOUT)
        except TimeoutError:
            return self._note_failure(f"The ledger did not answer within {ANSWER_TIMEOUT:.0f} s")
        except OperationError as error:
            return self._note_failure(error.message)
        self._failed_at = None
        return UsedId(order_id, row.digest, row.revision) if row is not None else None

    def _note_failure(self, reason: str) -> Uncertain:
        self._failed_at, self._failure = time.monotonic(), Uncertain(reason)
        return self._failure

"""Asks the ledger, if one is configured. Its code is loaded only then."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from ledger.reading.errors import InvalidSearch, SearchTooSlow
from ledger.settings import LEDGER_URL, LedgerUnusable
from operations.errors import LEDGER_AWAY, TIMED_OUT, OperationError, OperationRefused
from operations.reading.provenance import Provenance
from workflows.contract.order_messages import RefusalCode

if TYPE_CHECKING:
    from ledger.reading.freshness import Freshness
    from ledger.reading.ledger_reader import LedgerReader

LEDGER_VARIABLES = (LEDGER_URL, f"{LEDGER_URL}_FILE")
AnswerT = TypeVar("AnswerT")


class LedgerAway(OperationError):
    """The ledger is configured, and does not answer."""

    def __init__(self, message: str) -> None:
        super().__init__(LEDGER_AWAY, message.removesuffix("."))  # what is said next begins a sentence


class LedgerAccess:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._reader: LedgerReader | None = None
        self._opening = Lock()

    async def ask(self, question: Callable[[LedgerReader], AnswerT]) -> AnswerT:
        """Runs in a thread, since databases block. Raises LedgerAway, and OperationError for a search that is wrong, or
        takes too long."""
        return await asyncio.to_thread(self._ask, question)

    def _ask(self, question: Callable[[LedgerReader], AnswerT]) -> AnswerT:
        from ledger.reading.ledger_reader import open_reader

        try:
            with self._opening:
                if self._reader is None:
                    self._reader = open_reader(self._environment)
                    assert self._reader is not None
            return question(self._reader)
        except LedgerUnusable as error:
            raise LedgerAway(str(error)) from error
        except InvalidSearch as error:
            raise OperationRefused(RefusalCode.INVALID, str(error)) from error
        except SearchTooSlow as error:
            raise OperationError(TIMED_OUT, str(error)) from error

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def configured_ledger(environment: Mapping[str, str] = os.environ) -> LedgerAccess | None:
    """None: no ledger is configured."""
    return LedgerAccess(environment) if any(environment.get(name) for name in LEDGER_VARIABLES) else None


def from_ledger(freshness: Freshness) -> Provenance:
    return Provenance("ledger", freshness.as_of, freshness.lag_seconds, freshness.is_fed)

"""What a page shows of the ledger beside the rest, which does not depend on it."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.services import Console
from operations.errors import OperationError
from operations.reading.provenance import Provenance

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True)
class LedgerAnswer(Generic[AnswerT]):
    value: AnswerT | None
    provenance: Provenance | None
    problem: str = ""
    """Why there is no value. Empty without a ledger: the page says that in its own words."""


async def answer_or_problem(console: Console, asking: Awaitable[tuple[AnswerT, Provenance]]) -> LedgerAnswer[AnswerT]:
    try:
        value, provenance = await asking
    except OperationError as error:
        return LedgerAnswer(None, None, error.message if console.orders.ledger is not None else "")
    return LedgerAnswer(value, provenance)

"""What has changed since it was last looked at, for programs that follow orders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from temporalio.client import Client

from operations.reading.ledger_access import LedgerAccess, LedgerAway
from operations.reading.listed_orders import NO_LEDGER
from operations.reading.pending_attempts import with_attempts
from operations.reading.temporal_record import describe_order
from operations.systems import system_holds
from workflows.contract.order_views import StepView

if TYPE_CHECKING:
    from ledger.reading.changes import ChangedOrders, OpenWork, Pulse
    from ledger.reading.ledger_reader import LedgerReader

AnswerT = TypeVar("AnswerT")


class Changes:
    """All but `attempts` and `length` ask the ledger, and raise LedgerAway if it does not answer, or there is none."""

    def __init__(self, client: Client, ledger: LedgerAccess | None) -> None:
        self._client = client
        self._ledger = ledger

    @property
    def has_ledger(self) -> bool:
        return self._ledger is not None

    async def pulse(self, order_ids: Collection[str]) -> Pulse:
        """Whether anything was written at all, and how these orders stand."""
        return await self._ask(lambda reader: reader.read_pulse(order_ids))

    async def step_versions(self, order_key: int) -> dict[int, int]:
        """Step number → a number that is another one once the step shows something else."""
        return await self._ask(lambda reader: reader.read_step_versions(order_key))

    async def steps(self, order_key: int, numbers: Sequence[int]) -> list[StepView]:
        return await self._ask(lambda reader: reader.read_some_steps(order_key, numbers=numbers))

    async def changed_orders(self, since: datetime, limit: int) -> ChangedOrders:
        """Orders with changes made after `since`, at most `limit`."""
        return await self._ask(lambda reader: reader.read_changed_orders(since, limit))

    async def open_work(self, limit: int) -> tuple[list[OpenWork], dict[tuple[str, str | None], int]]:
        """Steps that wait for a person, at most `limit`, and how many there are by kind and queue."""
        return await self._ask(lambda reader: reader.read_open_work(limit))

    async def attempts(self, order_id: str, order_key: int) -> list[StepView]:
        """The steps with a call under way, with its attempts, which only Temporal knows until the call ends. Raises
        NotFound, ServerUnreachable."""
        record = await describe_order(self._client, order_id)
        pending = record.raw_description.pending_activities
        ids = sorted({activity.activity_id.partition("/")[0] for activity in pending})
        if not ids:
            return []
        steps = await self._ask(lambda reader: reader.read_some_steps(order_key, ids=ids))
        return with_attempts(steps, pending, await system_holds(self._client, pending))

    async def length(self, order_id: str) -> tuple[str, int, int]:
        """It is another one once the order, or an attempt at one of its calls, has gone on: the run, how many events
        its history has, and how many attempts its calls have had. Raises NotFound, ServerUnreachable."""
        record = await describe_order(self._client, order_id)
        attempts = sum(activity.attempt for activity in record.raw_description.pending_activities)
        return record.run_id, record.history_length, attempts

    async def _ask(self, question: Callable[[LedgerReader], AnswerT]) -> AnswerT:
        if self._ledger is None:
            raise LedgerAway(f"There is no ledger: {NO_LEDGER}")
        return await self._ledger.ask(question)

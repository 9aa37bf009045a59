"""Parts of an order as large as a page shows, which only the ledger can cut out of it.

Nothing is returned where the order itself has to be read instead: without a ledger, and while the ledger does not have
all of the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from operations.errors import OperationError
from operations.reading.interruptions import without_waits
from operations.reading.ledger_access import LedgerAccess, from_ledger
from operations.reading.order_source import is_fresh
from workflows.contract.order_views import OrderHeader, StepView

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt
    from ledger.reading.single_order.history_page import HistoryPage, HistoryRequest
    from ledger.reading.single_order.plan_rows import StoredPlan
    from ledger.reading.single_order.timed_steps import TimedStep


class OrderPages:
    """No method raises an error: the caller reads the order itself, which says what is wrong."""

    def __init__(self, ledger: LedgerAccess | None) -> None:
        self._ledger = ledger

    async def plan(self, order_id: str) -> StoredPlan | None:
        """What the order consists of, by its latest revision that the ledger knows."""
        if self._ledger is None:
            return None
        try:
            return await self._ledger.ask(lambda reader: reader.read_plan(order_id))
        except OperationError:
            return None

    async def step_times(self, order: OrderHeader) -> Sequence[TimedStep] | None:
        """When each step ran. At most about a second behind the order."""
        if self._ledger is None:
            return None
        try:
            found = await self._ledger.ask(lambda reader: reader.read_step_times(order.order_id))
        except OperationError:
            return None
        return found if found is not None and len(found) == order.step_count else None

    async def attempted_steps(
        self, order: OrderHeader, numbers: Sequence[int]
    ) -> tuple[Sequence[StepView], Sequence[StoredAttempt]] | None:
        """Some steps, with the attempts at their calls."""
        if self._ledger is None:
            return None
        try:
            found = await self._ledger.ask(lambda reader: reader.read_attempted_steps(order.order_id, numbers))
        except OperationError:
            return None
        if found is None or order.interrupted is None:
            return found
        return without_waits(found[0]), found[1]

    async def history(self, order: OrderHeader, request: HistoryRequest) -> HistoryPage | None:
        """Not of an order that was ended from outside: its last entry is that end, which the ledger does not have."""
        if self._ledger is None or order.interrupted is not None:
            return None
        try:
            found, freshness = await self._ledger.ask(lambda reader: reader.read_history_page(order.order_id, request))
        except OperationError:
            return None
        if found is None:
            return None
        head, page = found
        is_whole = not head.has_gap and not head.is_interrupted
        return page if is_whole and (head.has_ended or is_fresh(from_ledger(freshness))) else None

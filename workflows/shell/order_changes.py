"""Hands the changes of orders to the ledger, in the worker's process.

There are no commands and no events: an order runs the same with a ledger, without one, and in a replay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from temporalio import workflow

from activity_contract.line_reasons import RECENT_LINE_REASONS
from workflows.contract.order_changes import ChangePosition, OrderChange, OrderChangeSink
from workflows.core.change_records.order_change import ChangeHeader, ChangeTracker
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.state.order_run import OrderRun

logger = logging.getLogger(__name__)

_sinks: list[OrderChangeSink] = []
"""None or one."""


def install_sink(sink: OrderChangeSink) -> None:
    """From now on, the orders in this process tell their changes to this sink. It replaces an earlier one."""
    _sinks[:] = [sink]
    RECENT_LINE_REASONS.is_wanted = True


def clear_sink() -> None:
    _sinks.clear()
    RECENT_LINE_REASONS.is_wanted = False


class OrderChangeEmitter:
    """Belongs to one instance of the workflow: the first change that it tells is complete."""

    def __init__(self, order_id: str, current_time: Callable[[], float]) -> None:
        self._order_id = order_id
        self._current_time = current_time
        started_at = workflow.info().start_time.timestamp()
        self._position = ChangePosition(started_at, 0, started_at)
        """Where the last turn was made."""
        self._tracker: ChangeTracker | None = None
        self._sink: OrderChangeSink | None = None
        """The one that was told so far."""
        self._has_failed = self._is_reset = False
        workflow.register_random_seed_callback(self._on_reset)

    def _on_reset(self, _seed: int) -> None:
        """The run goes on from an event of its past, and its events have numbers that were used before. The SDK calls
        this where the workflow's time cannot be read."""
        self._is_reset = True

    def turn_ended(self, run: OrderRun, submitted: SubmittedOrder) -> None:
        """Tells what has changed. Returns at once, and never raises."""
        self._offer(lambda sink: self._next_change(run, submitted, sink))

    def rejected(self, make: Callable[[ChangeHeader], OrderChange]) -> None:
        """Tells of an order that does not start, once per workflow task. Never raises."""
        if self._position.event_id != workflow.info().get_current_history_length():
            self._offer(lambda _sink: make(self.header()))

    def header(self) -> ChangeHeader:
        """Of a change as of the last turn."""
        info = workflow.info()
        return ChangeHeader(self._order_id, info.first_execution_run_id, info.run_id, self._position)

    def _offer(self, make: Callable[[OrderChangeSink], OrderChange]) -> None:
        self._note_position()
        if not _sinks or self._has_failed or workflow.unsafe.is_replaying():
            return
        try:
            _sinks[0].offer(make(_sinks[0]))
        except Exception:
            self._has_failed = True
            logger.exception(
                "order %s cannot tell the ledger its changes; the ledger's reconciliation asks it", self._order_id
            )

    def _note_position(self) -> None:
        now = self._current_time()
        started_at = now if self._is_reset else self._position.run_started_at
        self._is_reset = False
        self._position = ChangePosition(started_at, workflow.info().get_current_history_length(), now)

    def _next_change(self, run: OrderRun, submitted: SubmittedOrder, sink: OrderChangeSink) -> OrderChange:
        if self._tracker is None or self._sink is not sink:
            self._tracker, self._sink = ChangeTracker(run, submitted), sink
        header = self.header()
        return self._tracker.next_change(header, complete=sink.wants_complete(header.order_id, header.submission))

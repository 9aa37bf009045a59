"""The loop of a running order: the core decides, Temporal executes, and the results go back to the core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from math import inf
from typing import Any

from temporalio import workflow

from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance, signals
from workflows.core.notifications import order_events
from workflows.core.state import rollup
from workflows.core.state.commands import CancelActivity, StartCall
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import StepRun
from workflows.core.steps.labels import activity_summary
from workflows.core.timing import order_jeopardy
from workflows.shell import activity_calls
from workflows.shell.activity_calls import InFlightCommand
from workflows.shell.search_attributes import OrderVisibility

# Every replay compares with the next two again: changing a value needs workflow.patched.
MAX_EVENTS_PER_RUN = 10_000
"""Limit for continue-as-new, unless the server suggests it earlier."""
MAX_UPDATES_PER_RUN = 1_000
"""Temporal allows 2,000 updates per run."""
DRAIN_TIMEOUT = timedelta(seconds=60)
"""How long a run that is about to continue as new waits for the calls in flight. Then they are cancelled, and the next
run makes them again with the same key."""
EVENT_LOOP_ROUNDS = 3
"""Rounds of the event loop. Changing it needs workflow.patched, too."""
MAX_SNAPSHOT_BYTES = 1_900_000
"""Bytes; a payload has at most 2 MB."""


class OrderLoop:
    """Belongs to one run of the workflow. `packed_plan` is the plan as continue-as-new carries it over."""

    def __init__(
        self,
        run: OrderRun,
        packed_plan: bytes,
        next_input: dict[str, Any],
        current_time: Callable[[], float],
        tell_change: Callable[[], None],
    ) -> None:
        """`tell_change` is called after each turn, for the ledger. It never raises."""
        self.run = run
        self._current_time = current_time
        self._tell_change = tell_change
        self.visibility = OrderVisibility()
        self.update_count = 0
        """Updates that this run has received."""
        self._packed_plan = packed_plan
        self._next_input = next_input
        """The workflow's first argument if it continues as new."""
        self._in_flight: dict[str, InFlightCommand] = {}
        self._finished: list[InFlightCommand] = []
        self._wake_event = asyncio.Event()
        self._timer: tuple[float, asyncio.Task[None]] | None = None
        self._drain_timer: asyncio.Task[None] | None = None
        self._cancel_handled = False
        self._min_history_length = 0
        """Length of the history below which the run does not continue as new."""

    def set_plan(self, packed_plan: bytes, revision: int) -> None:
        """The order has been amended; the next run gets this plan."""
        self._packed_plan = packed_plan
        self._next_input = {**self._next_input, "revision": revision}

    def wake(self) -> None:
        """Something outside the loop has changed the order."""
        self._wake_event.set()

    async def run_until_end(self) -> dict[str, Any]:
        """Returns the workflow's result. If the run continues as new, it ends with Temporal's own exception."""
        while True:
            try:
                return await self._run_loop()
            except asyncio.CancelledError:
                # Temporal sends one such request per run. Any other cancellation only evicts the run from the cache.
                if self._cancel_handled or workflow.cancellation_reason() is None:
                    raise
                self._cancel_handled = True
                signals.handle_workflow_cancel(self.run)

    async def _run_loop(self) -> dict[str, Any]:
        run = self.run
        while True:
            more = advance.advance(run)
            order_jeopardy.refresh(run)
            order_events.emit_events(run)
            self._execute_commands()
            if run.ended and not self._in_flight:
                return await self._finish()
            self.visibility.update(run, is_busy=bool(self._in_flight))
            self._tell_change()
            if not more and self._drain_if_needed():
                self._continue_as_new()
            self._set_timer()
            if more:
                await workflow.sleep(timedelta(milliseconds=1), summary="a pause in a long computation")
            else:
                await self._wake_event.wait()
                await self._drain_event_loop()
            self._wake_event.clear()
            run.now = self._current_time()
            self._process_finished()
            advance.process_due_steps(run)

    async def _drain_event_loop(self) -> None:
        """Everything that came with the same workflow task is processed before the core continues. A result takes two
        rounds of the event loop from its activity to `_finished`. After that it makes no difference in how many batches
        Temporal delivers the jobs of a task (workers/sdk_settings.py)."""
        for _ in range(EVENT_LOOP_ROUNDS):
            await asyncio.sleep(0)

    async def _finish(self) -> dict[str, Any]:
        run = self.run
        run.ended_at = self._current_time()
        order_jeopardy.refresh(run)
        state = rollup.current_order_state(run)
        run.audit_log.record(run.ended_at, f"ended {state}")
        self.visibility.update(run, is_busy=False)
        self._tell_change()
        must_wait = not workflow.all_handlers_finished()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if must_wait:
            self._tell_change()
        return {"order_id": run.plan.order.id, "state": state.value, "steps": len(run.steps)}

    def _execute_commands(self) -> None:
        for command in advance.drain_commands(self.run):
            if isinstance(command, CancelActivity):
                flight = self._in_flight.get(f"{command.step}/{command.launch}")
                if flight is not None:
                    flight.task.cancel()
            else:
                self._track(InFlightCommand(command, activity_calls.STARTERS[type(command)](command)))

    def _track(self, in_flight: InFlightCommand) -> None:
        name = in_flight.key
        self._in_flight[name] = in_flight

        def on_done(_task: Any) -> None:
            self._finished.append(self._in_flight.pop(name))
            self._wake_event.set()

        in_flight.task.add_done_callback(on_done)

    def _process_finished(self) -> None:
        finished, self._finished = self._finished, []
        for flight in finished:
            flight.report_outcome(self.run)

    def _set_timer(self) -> None:
        """Keeps one timer, for the next time at which a step is due.

        While other work is in flight, a timer that fires too early stays: replacing it costs as much as its firing.
        """
        due = self._next_due()
        if self._timer is not None:
            fires_at, timer = self._timer
            if due is not None and due[0] == fires_at:
                return
            if self._in_flight and (due is None or due[0] > fires_at):
                return
            self._timer = None
            timer.cancel()
        if due is not None:
            delay = max(due[0] - self._current_time(), 0.001)
            timer = asyncio.create_task(workflow.sleep(delay, summary=self._timer_summary(due[1])))
            self._timer = (due[0], timer)
            timer.add_done_callback(self._on_timer_fired)

    def _next_due(self) -> tuple[float, StepRun | None] | None:
        """The next time at which something is due, and the step. Without a step, the forecast is due."""
        due, watch = self.run.next_due(), self.run.jeopardy_watch
        if watch is not None and watch.next_check_at < (due[0] if due is not None else inf):
            return watch.next_check_at, None
        return due

    def _timer_summary(self, step: StepRun | None) -> str:
        return f"Order {self.run.plan.order.id} · Forecast" if step is None else activity_summary(self.run, step)

    def _on_timer_fired(self, timer: asyncio.Task[None]) -> None:
        if self._timer is not None and self._timer[1] is timer:
            self._timer = None
            self._wake_event.set()

    def _drain_if_needed(self) -> bool:
        """Whether the run can and should continue as new now. Once it should, nothing new starts."""
        if not self.run.draining:
            if not self._should_continue_as_new():
                return False
            self.run.draining = True
            self._cancel_in_flight(polls_only=True)
            if self._in_flight:
                self._drain_timer = asyncio.create_task(workflow.sleep(DRAIN_TIMEOUT, summary="calls in flight end"))
                self._drain_timer.add_done_callback(lambda _task: self._cancel_in_flight(polls_only=False))
        return not self._in_flight and workflow.all_handlers_finished()

    def _should_continue_as_new(self) -> bool:
        info = workflow.info()
        length = info.get_current_history_length()
        return length >= self._min_history_length and (
            info.is_continue_as_new_suggested()
            or length >= MAX_EVENTS_PER_RUN
            or self.update_count >= MAX_UPDATES_PER_RUN
        )

    def _cancel_in_flight(self, *, polls_only: bool) -> None:
        """The next run makes cancelled calls again, with the same key."""
        for flight in list(self._in_flight.values()):
            if not polls_only or (isinstance(flight.command, StartCall) and flight.command.is_poll):
                flight.task.cancel()

    def _continue_as_new(self) -> None:
        """Ends the run. If the order's snapshot is too large for a payload, the run goes on for a while instead."""
        snapshot = order_snapshot.snapshot_order(self.run, self._packed_plan)
        if len(snapshot) > MAX_SNAPSHOT_BYTES:
            workflow.logger.warning("the order's state is too large to continue as new", extra={"bytes": len(snapshot)})
            self.run.draining = False
            self._min_history_length = workflow.info().get_current_history_length() + MAX_EVENTS_PER_RUN
            self._wake_event.set()
            return
        # Temporal carries search attributes over, but of the memo only what the run was started with.
        workflow.continue_as_new(args=[self._next_input, snapshot], memo=workflow.memo())

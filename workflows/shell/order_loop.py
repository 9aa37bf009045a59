"""The loop of a running order: the core decides, Temporal does it, what came of it goes back to the core."""

from __future__ import annotations

import asyncio
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
from workflows.core.steps.labels import summary_of
from workflows.core.timing import jeopardy
from workflows.shell import activity_calls
from workflows.shell.activity_calls import Flight
from workflows.shell.search_attributes import Showing

# Whether a run has passed one of the next two is decided again at every replay: another value needs workflow.patched.
EVENTS_PER_RUN = 10_000
"""Where the server does not suggest it before."""
UPDATES_PER_RUN = 1_000
"""Temporal takes 2,000 updates a run."""
PATIENCE = timedelta(seconds=60)
"""So long a run that is about to continue as another one waits for the calls in flight; then they are cancelled, and
made again with the same key."""
ROUNDS = 3
"""Of the event loop. Decided again at every replay, too."""
MOST_CARRIED = 1_900_000
"""Bytes; a payload holds 2 MB."""


class OrderLoop:
    """Belongs to one run of the workflow. `packed`: the plan, as it crosses over."""

    def __init__(self, run: OrderRun, packed: bytes, start_again: dict[str, Any]) -> None:
        self.run = run
        self.showing = Showing()
        self.updates = 0
        """Taken by this run."""
        self._packed = packed
        self._start_again = start_again
        """The workflow's first argument, should it continue as another run."""
        self._flights: dict[str, Flight] = {}
        self._landed: list[Flight] = []
        self._stirred = asyncio.Event()
        self._timer: tuple[float, asyncio.Task[None]] | None = None
        self._patience: asyncio.Task[None] | None = None
        self._cancel_heard = False
        self._long_from = 0
        """Events before which the run does not continue as another one."""

    def revised(self, packed: bytes, revision: int) -> None:
        """The order has been amended: another run that continues this one has this plan."""
        self._packed = packed
        self._start_again = {**self._start_again, "revision": revision}

    def stir(self) -> None:
        """Something has changed from outside."""
        self._stirred.set()

    async def run_to_its_end(self) -> dict[str, Any]:
        """The workflow's result. Ends the run by an exception of Temporal's own where it continues as another one."""
        while True:
            try:
                return await self._run_on()
            except asyncio.CancelledError:
                # Temporal takes one such request a run; any other cancellation only clears the worker's memory.
                if self._cancel_heard or workflow.cancellation_reason() is None:
                    raise
                self._cancel_heard = True
                signals.cancel(self.run)

    async def _run_on(self) -> dict[str, Any]:
        run = self.run
        while True:
            more = advance.advance(run)
            jeopardy.refresh(run)
            order_events.gather(run)
            self._carry_out()
            if run.ended and not self._flights:
                return await self._end()
            self.showing.update(run, busy=bool(self._flights))
            if not more and self._is_drained():
                self._continue()
            self._set_timer()
            if more:
                await workflow.sleep(timedelta(milliseconds=1), summary="a pause in a long computation")
            else:
                await self._stirred.wait()
                await self._all_taken_in()
            self._stirred.clear()
            run.now = workflow.time()
            self._take_landed()
            advance.pass_time(run)

    async def _all_taken_in(self) -> None:
        """What has come with the same task is in before the core goes on; an answer needs two rounds of the event loop
        from its activity to `_landed`. In how many parts Temporal hands things on makes no difference then
        (workers/single_batch_flag.py)."""
        for _ in range(ROUNDS):
            await asyncio.sleep(0)

    async def _end(self) -> dict[str, Any]:
        run = self.run
        run.ended_at = workflow.time()
        jeopardy.refresh(run)
        state = rollup.state_of(run)
        run.journal.note(run.ended_at, f"ended {state}")
        self.showing.update(run, busy=False)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return {"order_id": run.plan.order.id, "state": state.value, "steps": len(run.steps)}

    def _carry_out(self) -> None:
        for command in advance.take_commands(self.run):
            if isinstance(command, CancelActivity):
                flight = self._flights.get(f"{command.step}/{command.launch}")
                if flight is not None:
                    flight.handle.cancel()
            else:
                self._send(Flight(command, activity_calls.START[type(command)](command)))

    def _send(self, flight: Flight) -> None:
        name = flight.name
        self._flights[name] = flight

        def land(_task: Any) -> None:
            self._landed.append(self._flights.pop(name))
            self._stirred.set()

        flight.handle.add_done_callback(land)

    def _take_landed(self) -> None:
        landed, self._landed = self._landed, []
        for flight in landed:
            flight.end(self.run)

    def _set_timer(self) -> None:
        """One timer, to the next moment at which a step wants attention.

        One that rings too early is left alone while there is other work: to replace it costs as much as its ringing.
        """
        due = self._next_due()
        if self._timer is not None:
            rings_at, timer = self._timer
            if due is not None and due[0] == rings_at:
                return
            if self._flights and (due is None or due[0] > rings_at):
                return
            self._timer = None
            timer.cancel()
        if due is not None:
            delay = max(due[0] - workflow.time(), 0.001)
            timer = asyncio.create_task(workflow.sleep(delay, summary=self._what_for(due[1])))
            self._timer = (due[0], timer)
            timer.add_done_callback(self._rung)

    def _next_due(self) -> tuple[float, StepRun | None] | None:
        """The next moment at which something is to be done, and with which step; None: the forecast is looked at."""
        due, outlook = self.run.next_due(), self.run.outlook
        if outlook is not None and outlook.look_at < (due[0] if due is not None else inf):
            return outlook.look_at, None
        return due

    def _what_for(self, step: StepRun | None) -> str:
        return f"Order {self.run.plan.order.id} · Forecast" if step is None else summary_of(self.run, step)

    def _rung(self, timer: asyncio.Task[None]) -> None:
        if self._timer is not None and self._timer[1] is timer:
            self._timer = None
            self._stirred.set()

    def _is_drained(self) -> bool:
        """Whether the run can and should continue as another one now. Once it should, nothing new is started."""
        if not self.run.draining:
            if not self._is_long():
                return False
            self.run.draining = True
            self._cancel_flights(polls_only=True)
            if self._flights:
                self._patience = asyncio.create_task(workflow.sleep(PATIENCE, summary="calls in flight end"))
                self._patience.add_done_callback(lambda _task: self._cancel_flights(polls_only=False))
        return not self._flights and workflow.all_handlers_finished()

    def _is_long(self) -> bool:
        info = workflow.info()
        length = info.get_current_history_length()
        return length >= self._long_from and (
            info.is_continue_as_new_suggested() or length >= EVENTS_PER_RUN or self.updates >= UPDATES_PER_RUN
        )

    def _cancel_flights(self, *, polls_only: bool) -> None:
        """What is cancelled is made again by the next run, with the same key."""
        for flight in list(self._flights.values()):
            if not polls_only or (isinstance(flight.command, StartCall) and flight.command.polls):
                flight.handle.cancel()

    def _continue(self) -> None:
        """Ends the run, unless the order's state is more than Temporal carries: then it goes on for a while."""
        state = order_snapshot.carried(self.run, self._packed)
        if len(state) > MOST_CARRIED:
            workflow.logger.warning("the order's state is too large to continue as new", extra={"bytes": len(state)})
            self.run.draining = False
            self._long_from = workflow.info().get_current_history_length() + EVENTS_PER_RUN
            self._stirred.set()
            return
        # Search attributes cross over by themselves; of the memo, only what the run was started with does.
        workflow.continue_as_new(args=[self._start_again, state], memo=workflow.memo())

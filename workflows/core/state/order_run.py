"""A running order: its plan, the state of every step, and the only way to change a step's state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any, TypeVar

from compiler.graph import invert_edges
from compiler.language.steps import StepKind
from compiler.plan.bindings import order_bindings
from compiler.plan.plan import Plan, PlannedDefinition
from workflows.contract.states import SETTLED, StepState
from workflows.core.events.event_inbox import EventInbox
from workflows.core.events.event_subscriptions import EventSubscriptions
from workflows.core.lines.line_reliance import PlanReliance
from workflows.core.lines.line_tree import PlanLineTree
from workflows.core.state.amendment_state import AmendmentState
from workflows.core.state.audit_log import AuditLog
from workflows.core.state.commands import Command
from workflows.core.state.compensation_state import CompensationState
from workflows.core.state.counters import StepCounters
from workflows.core.state.holds import Holds
from workflows.core.state.jeopardy_watch import JeopardyWatch
from workflows.core.state.open_work import OpenWork
from workflows.core.state.order_links import OrderLinks
from workflows.core.state.outgoing_events import OutgoingEvents
from workflows.core.state.state_transitions import TRANSITIONS, UNDO_TRANSITIONS, IllegalTransition
from workflows.core.state.step_profile import StepProfile, step_profile
from workflows.core.state.step_run import Phase, StepRun, UndoRun
from workflows.core.state.work_queues import WaitingSteps, WorkQueues

MAX_IN_FLIGHT = 100
"""How many activities run at the same time. While a workflow task runs, Temporal buffers results, with two events each.
If it buffers more than `history.maximumBufferedEventsBatch` (100) events, the task fails, which costs a replay. 200
activities were no faster. Replays also depend on this number, so changing it needs workflow.patched."""

T = TypeVar("T")


def require(value: T | None) -> T:
    """Returns a value that a step of this kind always has. Raises TypeError if it is missing, as an engine error."""
    if value is None:
        raise TypeError("the step is not of the kind that its phase belongs to")
    return value


class OrderRun:
    """A running order. It is deterministic: the time comes from outside (`now`), and work leaves it as `commands`."""

    def __init__(self, plan: Plan, now: float, max_in_flight: int = MAX_IN_FLIGHT) -> None:
        self.plan = plan
        self.now = now
        self.max_in_flight = max_in_flight
        self.key_token = ""
        """Part of every idempotency key. It is made once for the submission, and later revisions do not change it."""
        self.started_at = now
        self.ended_at: float | None = None
        self.characteristics: dict[str, Any] = dict(plan.order.characteristics)
        self.steps = [StepRun(position, len(step.after)) for position, step in enumerate(plan.steps)]
        self.followers = invert_edges([step.after for step in plan.steps])
        self.position_by_id = {step.id: position for position, step in enumerate(plan.steps)}
        self.profiles: list[StepProfile | None] = [None] * len(plan.definitions)
        self.queues = WorkQueues()
        self.waiting = WaitingSteps()
        self.counters = StepCounters()
        self.counters.recount_states(plan, self.steps)
        self.open_work = OpenWork()
        self.changed_steps: set[int] = set()
        """Steps that clients may see otherwise since core/change_records last read them. What a step shows also depends
        on the plan, and on what it reads: that is not marked here."""
        self.inbox = EventInbox()
        self.subscriptions = EventSubscriptions()
        self.order_links = OrderLinks()
        self.commands: list[Command] = []
        self.audit_log = AuditLog()
        self.outgoing_events: OutgoingEvents | None = None
        """None if no receiver wants events of this order."""
        self.compensation = CompensationState()
        self.amendments = AmendmentState()
        self.holds = Holds()
        self.jeopardy_watch: JeopardyWatch | None = None
        """None if the order has no requested completion and no SLA (workflows.core.timing.order_jeopardy)."""
        self.reliance: PlanReliance | None = None
        """Built when first needed."""
        self.view_changed = True
        """Something that clients see has changed since it was last published."""
        self.draining = False
        """Start nothing new: the run is about to continue as new."""
        self.is_patched: Callable[[str], bool] = lambda _patch: True
        """Whether the run decides as this patch says (docs/upgrading.md). Ask only if the answer makes a difference,
        because each patch that is asked for adds two events to the history."""
        self.raise_engine_errors = False
        """Raise engine errors instead of moving the step to fallout. For tests."""
        self._line_tree: PlanLineTree | None = None
        self._wake_heap: list[tuple[float, int]] = []
        self._order_variables: dict[str, Any] | None = None
        self._steps_by_event: dict[str, list[int]] | None = None

    @contextmanager
    def as_if_patched(self) -> Iterator[None]:
        """Whether the run has this patch. For checks of requests that are not yet in the history: an update's validator
        may not ask for patches."""
        is_patched, self.is_patched = self.is_patched, lambda _patch: True
        try:
            yield
        finally:
            self.is_patched = is_patched

    @property
    def line_tree(self) -> PlanLineTree:
        """Of the current plan. Built when first needed."""
        if self._line_tree is None or self._line_tree.plan is not self.plan:
            self._line_tree = PlanLineTree(self.plan)
        return self._line_tree

    def profile(self, step: StepRun) -> StepProfile:
        if self.amendments.pinned_steps and (pinned := self.amendments.pinned_steps.get(step.position)) is not None:
            return pinned.profile
        position = self.plan.steps[step.position].definition_position
        profile = self.profiles[position]
        if profile is None:
            profile = self.profiles[position] = step_profile(self.plan.definitions[position])
        return profile

    def definition(self, step: StepRun) -> PlannedDefinition:
        """The definition that the step works with. If the step has begun, an amendment does not change this."""
        if self.amendments.pinned_steps and (pinned := self.amendments.pinned_steps.get(step.position)) is not None:
            return pinned.definition
        return self.current_definition(step)

    def current_definition(self, step: StepRun) -> PlannedDefinition:
        """The definition in the current plan."""
        return self.plan.definitions[self.plan.steps[step.position].definition_position]

    def step_id(self, step: StepRun) -> str:
        return self.plan.steps[step.position].id

    def order_variables(self, plan: Plan | None = None) -> dict[str, Any]:
        """What expressions see as `order`. It comes from `plan`, by default the current plan, and has the current
        characteristics."""
        if plan is not None and plan is not self.plan:
            return order_bindings(replace(plan.order, characteristics=self.characteristics))
        if self._order_variables is None:
            header = replace(self.plan.order, characteristics=self.characteristics)
            self._order_variables = order_bindings(header)
        return self._order_variables

    def set_characteristics(self, values: dict[str, Any]) -> None:
        self.characteristics = {**self.characteristics, **values}
        self._order_variables = None
        if self.jeopardy_watch is not None:
            self.jeopardy_watch.stale = True
        self.queues.conditions.update(self.waiting.conditions)
        self.view_changed = True

    def open_readers(self, step: StepRun) -> list[StepRun]:
        """Steps that are not settled and read this step's output."""
        return [
            reader
            for reader, planned in zip(self.steps, self.plan.steps, strict=True)
            if reader.state not in SETTLED and any(step.position in read for read in planned.reads)
        ]

    def steps_by_event(self) -> dict[str, list[int]]:
        """Event name → all steps whose definition waits for it."""
        if self._steps_by_event is None:
            found: dict[str, list[int]] = {}
            for position, planned in enumerate(self.plan.steps):
                event = self.plan.definitions[planned.definition_position].definition.event
                for name in event.name if event else ():
                    found.setdefault(name, []).append(position)
            self._steps_by_event = found
        return self._steps_by_event

    @property
    def ended(self) -> bool:
        return self.counters.settled == len(self.steps) and not self.compensation.open_undos

    def transition(self, step: StepRun, state: StepState) -> None:
        """Raises IllegalTransition unless TRANSITIONS allows it."""
        before = step.state
        if state not in TRANSITIONS[before]:
            raise IllegalTransition(self.step_id(step), before, state)
        self.set_state(step, state)

    def set_state(self, step: StepRun, state: StepState) -> None:
        """Change the state without a check, because after an engine error it may be any."""
        before, counters = step.state, self.counters
        step.state = state
        counters.by_state[before] -= 1
        counters.by_state[state] = counters.by_state.get(state, 0) + 1
        counts = counters.by_workstream[self.current_definition(step).workstream].counts
        counts[before] -= 1
        counts[state] = counts.get(state, 0) + 1
        counters.settled += (state in SETTLED) - (before in SETTLED)
        if not step.undoing:
            counters.fallout += (state is StepState.FATALLY_FAILED) - (before is StepState.FATALLY_FAILED)
        is_manual = self.profile(step).kind is StepKind.MANUAL
        if is_manual:
            counters.open_tasks += (state is StepState.IN_PROGRESS) - (before is StepState.IN_PROGRESS)
        if is_manual or StepState.FATALLY_FAILED in (state, before):
            self.open_work.mark(step.position)
        if self.jeopardy_watch is not None:
            self.jeopardy_watch.on_state_change(step, before, self.now)
        if self.outgoing_events is not None:
            self.outgoing_events.on_step_moved(step, before, self.now)
        if self.amendments.readers_by_step and step.position in self.amendments.readers_by_step:
            self.amendments.recheck_queue.append(step.position)
        self.changed_steps.add(step.position)
        self.view_changed = True

    def transition_undo(self, step: StepRun, state: StepState) -> None:
        """Raises IllegalTransition unless UNDO_TRANSITIONS allows it."""
        undo = require(step.undo)
        if state not in UNDO_TRANSITIONS[undo.state]:
            raise IllegalTransition(f"{self.step_id(step)} (its undo)", undo.state, state)
        self.set_undo_state(step, undo, state)

    def set_undo_state(self, step: StepRun, undo: UndoRun, state: StepState) -> None:
        """Change the state without a check. `undo` is the step's undo, or becomes it."""
        was_in_fallout, before = step.in_fallout, undo.state
        step.undo, undo.state = undo, state
        self.counters.fallout += step.in_fallout - was_in_fallout
        if self.outgoing_events is not None:
            self.outgoing_events.on_undo_moved(step, undo, before, self.now)
        if undo.phase is Phase.UNDO_MANUAL:
            self.counters.open_tasks += (state is StepState.IN_PROGRESS) - (before is StepState.IN_PROGRESS)
        self.open_work.mark(step.position)
        self.changed_steps.add(step.position)
        self.view_changed = True

    def count_undo_task(self, step: StepRun) -> None:
        """An undo under way has become a person's task."""
        self.counters.open_tasks += 1
        self.open_work.mark(step.position)
        self.view_changed = True

    def recount(self) -> None:
        """Count the steps again, after a new plan or a restore."""
        self.counters.recount_states(self.plan, self.steps)
        self.counters.open_tasks = sum(
            step.state is StepState.IN_PROGRESS and self.profile(step).kind is StepKind.MANUAL for step in self.steps
        ) + sum(
            step.undo is not None and step.undo.phase is Phase.UNDO_MANUAL and step.undo.state is StepState.IN_PROGRESS
            for step in self.steps
        )
        self.open_work = OpenWork(changed=dict.fromkeys(range(len(self.steps))))

    def wake_at(self, step: StepRun, moment: float) -> None:
        """Wake the step at that moment. Its `again_at`, `deadline` or SLA clock says why."""
        heappush(self._wake_heap, (moment, step.position))
        if self.jeopardy_watch is not None:
            self.jeopardy_watch.on_wake_scheduled(step, moment)

    def _is_due(self, moment: float, step: StepRun) -> bool:
        """Whether the step still wants to be woken at that moment."""
        work = step.undo if step.undo is not None and step.undo.is_open else step
        if work is step and step.state in SETTLED:
            return False
        clock = step.sla_clock
        return moment in (work.again_at, work.deadline) or (clock is not None and clock.next_tick_at == moment)

    def next_due(self) -> tuple[float, StepRun] | None:
        """The earliest moment at which a step wants to be woken."""
        while self._wake_heap:
            moment, position = self._wake_heap[0]
            if self._is_due(moment, self.steps[position]):
                return moment, self.steps[position]
            heappop(self._wake_heap)
        return None

    def due_steps(self) -> Iterator[tuple[float, StepRun]]:
        """Steps whose moment to wake has come, with their moments, earliest first. Each returned entry is removed."""
        while (found := self.next_due()) is not None and found[0] <= self.now:
            heappop(self._wake_heap)
            yield found

    def clear_caches(self) -> None:
        """Forget what was computed from the plan. Call this after the plan has changed."""
        self._order_variables = self._steps_by_event = None

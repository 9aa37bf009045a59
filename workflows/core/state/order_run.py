"""How far an order is: the record of every step of its plan, and the only way to change a step's state."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any, TypeVar

from activity_contract.idempotency_key import idempotency_key
from compiler.language.steps import StepKind
from compiler.plan.bindings import order_bindings
from compiler.plan.plan import Plan, PlannedDefinition
from workflows.contract.states import SETTLED, StepState
from workflows.core.state.amendment_state import AmendmentState
from workflows.core.state.audit_log import AuditLog
from workflows.core.state.commands import Command
from workflows.core.state.compensation_state import CompensationState
from workflows.core.state.event_buffer import EventBuffer
from workflows.core.state.event_inbox import EventInbox
from workflows.core.state.holds import Holds
from workflows.core.state.jeopardy_watch import JeopardyWatch
from workflows.core.state.line_tree import PlanLineTree
from workflows.core.state.order_links import OrderLinks
from workflows.core.state.state_transitions import TRANSITIONS, UNDO_TRANSITIONS, IllegalTransition
from workflows.core.state.step_profile import StepProfile, step_profile
from workflows.core.state.step_run import Phase, StepFailure, StepRun, UndoRun

__all__ = ["MAX_IN_FLIGHT", "OrderRun", "Phase", "StepFailure", "StepRun", "UndoRun", "WorkstreamCounts", "require"]

MAX_IN_FLIGHT = 100
"""Activities at once. Temporal buffers the ends of those that come while a task runs, two events each, and where these
are more than `history.maximumBufferedEventsBatch` (100) fails the task, which costs a replay. 200 gained nothing.
Decided again at every replay: another value needs workflow.patched."""


T = TypeVar("T")


@dataclass(slots=True)
class WorkstreamCounts:
    """Of one workstream: how many of its steps are in which state."""

    name: str
    counts: dict[StepState, int] = field(default_factory=dict)


def require(value: T | None) -> T:
    """What a definition of this kind always has. Raises TypeError for one of another kind: a mistake of the engine."""
    if value is None:
        raise TypeError("the step is of another kind than its phase says")
    return value


class OrderRun:
    """A running order. Deterministic: `now` comes from outside, what is to be done goes out as commands."""

    def __init__(self, plan: Plan, now: float, max_in_flight: int = MAX_IN_FLIGHT) -> None:
        self.plan = plan
        self.now = now
        self.max_in_flight = max_in_flight
        self.profiles: list[StepProfile | None] = [None] * len(plan.definitions)
        self.steps = [StepRun(position, len(step.after)) for position, step in enumerate(plan.steps)]
        self.followers = followers_by_step(plan)
        self.position_by_id = {step.id: position for position, step in enumerate(plan.steps)}
        self.characteristics: dict[str, Any] = dict(plan.order.characteristics)
        self.started_at = now
        self.ended_at: float | None = None
        self.start_queue: deque[int] = deque()
        """Steps whose predecessors are settled, not yet judged."""
        self.retry_queue: deque[int] = deque()
        """Steps that a person wants tried again: they begin without being judged anew."""
        self.activity_queue: deque[int] = deque()
        """Steps that want an activity started, in line for one of those that may be in flight."""
        self.waiting_conditions: dict[int, None] = {}
        """Steps that wait for a condition, in the order in which they began to."""
        self.condition_readers: dict[int, list[int]] = {}
        """Step → the waiting conditions that read its output."""
        self.conditions_to_check: dict[int, None] = {}
        """Conditions that read something that has changed."""
        self.event_waiters: dict[tuple[str, str | None], dict[int, None]] = {}
        """Event name and key (None: any) → the steps that wait for it."""
        self.inbox = EventInbox()
        self.order_links = OrderLinks()
        self.in_flight_count = 0
        self.commands: list[Command] = []
        self.audit_log = AuditLog()
        self.event_buffer: EventBuffer | None = None
        """What somebody wants to be told of; None where nobody does."""
        self.open_task_count = 0
        self.fallout_count = 0
        """Steps, or undos of steps, that wait for a person's decision."""
        self.compensation = CompensationState()
        self.amendments = AmendmentState()
        self.holds = Holds()
        self.line_tree: PlanLineTree | None = None
        """Made when it is first asked for."""
        self.settled_count = 0
        self.state_counts: dict[StepState, int] = {StepState.PENDING: len(plan.steps)} if plan.steps else {}
        self.workstream_counts = initial_counts(plan)
        self.view_changed = True
        """Something that people see has changed since it was last shown."""
        self.draining = False
        """Nothing new is started: the run is about to continue as another one."""
        self.raise_engine_errors = False
        """Mistakes of the engine raise, rather than park the step (tests)."""
        self.jeopardy_watch: JeopardyWatch | None = None
        """None: nothing is promised by a date (workflows.core.timing.jeopardy.keep_time)."""
        self._wake_heap: list[tuple[float, int]] = []
        self._order_variables: dict[str, Any] | None = None
        self._steps_by_event: dict[str, list[int]] | None = None

    def profile(self, step: StepRun) -> StepProfile:
        if self.amendments.pinned_steps and (sight := self.amendments.pinned_steps.get(step.position)) is not None:
            return sight.profile
        definition = self.plan.steps[step.position].definition_position
        recipe = self.profiles[definition]
        if recipe is None:
            recipe = self.profiles[definition] = step_profile(self.plan.definitions[definition])
        return recipe

    def definition(self, step: StepRun) -> PlannedDefinition:
        """As the step sees it: what it began with, should an amendment have changed it since."""
        if self.amendments.pinned_steps and (sight := self.amendments.pinned_steps.get(step.position)) is not None:
            return sight.definition
        return self.current_definition(step)

    def current_definition(self, step: StepRun) -> PlannedDefinition:
        """As the plan has it now."""
        return self.plan.definitions[self.plan.steps[step.position].definition_position]

    def step_id(self, step: StepRun) -> str:
        return self.plan.steps[step.position].id

    def idempotency_key(self, step: StepRun) -> str:
        """The idempotency key of the step's present effect."""
        if step.changing_in_place:
            return idempotency_key(self.plan.order.id, self.step_id(step), "change", step.in_place_changes)
        return idempotency_key(self.plan.order.id, self.step_id(step), "do", step.number)

    def undo_idempotency_key(self, step: StepRun) -> str:
        """The idempotency key of the running undo of the step."""
        return idempotency_key(self.plan.order.id, self.step_id(step), "undo", require(step.undo).number)

    def order_variables(self, plan: Plan | None = None) -> dict[str, Any]:
        """What expressions see as `order`, with the characteristics as they are now. `plan`: whose order; default: the
        running one's."""
        if plan is not None and plan is not self.plan:
            return order_bindings(replace(plan.order, characteristics=self.characteristics))
        names = self._order_variables
        if names is None:
            header = replace(self.plan.order, characteristics=self.characteristics)
            names = self._order_variables = order_bindings(header)
        return names

    def set_characteristics(self, values: dict[str, Any]) -> None:
        self.characteristics = {**self.characteristics, **values}
        self._order_variables = None
        if self.jeopardy_watch is not None:
            self.jeopardy_watch.stale = True
        self.conditions_to_check.update(self.waiting_conditions)
        self.view_changed = True

    def open_readers(self, step: StepRun) -> list[StepRun]:
        """Those that are not settled and read its output."""
        return [
            self.steps[position]
            for position, planned in enumerate(self.plan.steps)
            if self.steps[position].state not in SETTLED and any(step.position in read for read in planned.reads)
        ]

    def steps_by_event(self) -> dict[str, list[int]]:
        """Event name → the steps that wait for it at some time."""
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
        return self.settled_count == len(self.steps) and not self.compensation.open_undos

    def transition(self, step: StepRun, state: StepState) -> None:
        """Raises IllegalTransition where the table does not have it."""
        before = step.state
        if state not in TRANSITIONS[before]:
            raise IllegalTransition(self.step_id(step), before, state)
        self.set_state(step, state)

    def set_state(self, step: StepRun, state: StepState) -> None:
        """Without asking the table: for what is read back, and for what a mistake left behind."""
        before = step.state
        step.state = state
        counts = self.state_counts
        counts[before] -= 1
        counts[state] = counts.get(state, 0) + 1
        tally = self.workstream_counts[self.current_definition(step).workstream].counts
        tally[before] -= 1
        tally[state] = tally.get(state, 0) + 1
        self.settled_count += (state in SETTLED) - (before in SETTLED)
        if not step.undoing:
            self.fallout_count += (state is StepState.FATALLY_FAILED) - (before is StepState.FATALLY_FAILED)
        if self.profile(step).kind is StepKind.MANUAL:
            self.open_task_count += (state is StepState.IN_PROGRESS) - (before is StepState.IN_PROGRESS)
        if self.jeopardy_watch is not None:
            self.jeopardy_watch.on_state_change(step, before, self.now)
        if self.event_buffer is not None:
            self.event_buffer.on_step_moved(step, before, state, self.now)
        if self.amendments.readers_by_step and step.position in self.amendments.readers_by_step:
            self.amendments.recheck_queue.append(step.position)
        self.view_changed = True

    def transition_undo(self, step: StepRun, state: StepState) -> None:
        """Raises IllegalTransition where the table does not have it."""
        before = require(step.undo).state
        if state not in UNDO_TRANSITIONS[before]:
            raise IllegalTransition(f"{self.step_id(step)}, its undo,", before, state)
        self.set_undo_state(step, require(step.undo), state)

    def set_undo_state(self, step: StepRun, undo: UndoRun, state: StepState) -> None:
        """Without asking the table. `undo` is, or becomes, the step's."""
        was_in_fallout, before = step.in_fallout, undo.state
        step.undo, undo.state = undo, state
        self.fallout_count += step.in_fallout - was_in_fallout
        if self.event_buffer is not None:
            self.event_buffer.on_undo_moved(step, undo, before, self.now)
        if undo.phase is Phase.UNDO_MANUAL:
            self.open_task_count += (state is StepState.IN_PROGRESS) - (before is StepState.IN_PROGRESS)
        self.view_changed = True

    def recount(self) -> None:
        """After the states were read back."""
        self.state_counts = dict(Counter(step.state for step in self.steps))
        self.settled_count = sum(count for state, count in self.state_counts.items() if state in SETTLED)
        for tally in self.workstream_counts.values():
            tally.counts.clear()
        seen = Counter((self.plan.steps[step.position].definition_position, step.state) for step in self.steps)
        for (definition, state), count in seen.items():
            planned = self.plan.definitions[definition]
            counts = self.workstream_counts[planned.workstream].counts
            counts[state] = counts.get(state, 0) + count
        self.open_task_count = sum(
            step.state is StepState.IN_PROGRESS and self.profile(step).kind is StepKind.MANUAL for step in self.steps
        )
        self.open_task_count += sum(
            step.undo is not None and step.undo.phase is Phase.UNDO_MANUAL and step.undo.state is StepState.IN_PROGRESS
            for step in self.steps
        )
        self.fallout_count = sum(step.in_fallout for step in self.steps)

    def wake_at(self, step: StepRun, moment: float) -> None:
        """The step wants attention then; `again_at` or `deadline` say for what."""
        heappush(self._wake_heap, (moment, step.position))
        if self.jeopardy_watch is not None:
            self.jeopardy_watch.on_wake_scheduled(step, moment)

    def _is_due(self, moment: float, position: int) -> bool:
        step = self.steps[position]
        work = step.undo if step.undo is not None and step.undo.is_open else step
        if work is step and step.state in SETTLED:
            return False
        clock = step.sla_clock
        return (
            work.again_at == moment or work.deadline == moment or (clock is not None and clock.next_tick_at == moment)
        )

    def next_due(self) -> tuple[float, StepRun] | None:
        """The earliest moment at which a step wants attention."""
        due = self._wake_heap
        while due:
            moment, position = due[0]
            if self._is_due(moment, position):
                return moment, self.steps[position]
            heappop(due)
        return None

    def due_steps(self) -> Iterator[tuple[float, StepRun]]:
        """Those whose moment has come, earliest first; each is named once."""
        while (found := self.next_due()) is not None and found[0] <= self.now:
            heappop(self._wake_heap)
            yield found

    def clear_caches(self) -> None:
        """The order, or its plan, is another one by now."""
        self._order_variables = self._steps_by_event = None


def followers_by_step(plan: Plan) -> list[list[int]]:
    """Of each step, those that come after it."""
    followers: list[list[int]] = [[] for _ in plan.steps]
    for position, planned in enumerate(plan.steps):
        for before in planned.after:
            followers[before].append(position)
    return followers


def initial_counts(plan: Plan) -> dict[str, WorkstreamCounts]:
    """As long as no step has begun."""
    tallies: dict[str, WorkstreamCounts] = {}
    for step in plan.steps:
        definition = plan.definitions[step.definition_position]
        tally = tallies.get(definition.workstream)
        if tally is None:
            tally = tallies[definition.workstream] = WorkstreamCounts(
                definition.workstream_name, {StepState.PENDING: 0}
            )
        tally.counts[StepState.PENDING] += 1
    return tallies

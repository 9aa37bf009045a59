"""How far an order is: the record of every step of its plan, and the only way to change a step's state."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any, TypeVar

from compiler.language.steps import StepKind
from compiler.plan.bindings import order_bindings
from compiler.plan.plan import Plan, PlannedDefinition
from workflows.contract.states import SETTLED, StepState
from workflows.core.state.amendment_state import Revisions
from workflows.core.state.audit_log import Journal
from workflows.core.state.commands import Command
from workflows.core.state.compensation_state import Withdrawals
from workflows.core.state.event_buffer import Told
from workflows.core.state.event_inbox import Inbox
from workflows.core.state.holds import Holds
from workflows.core.state.jeopardy_watch import Outlook
from workflows.core.state.line_tree import LineTree
from workflows.core.state.order_links import Between
from workflows.core.state.state_transitions import TRANSITIONS, UNDO_TRANSITIONS, IllegalTransition
from workflows.core.state.step_profile import Recipe, recipe_of
from workflows.core.state.step_run import Failure, Phase, StepRun, UndoRun

__all__ = ["IN_FLIGHT", "Failure", "OrderRun", "Phase", "StepRun", "Tally", "UndoRun", "given"]

IN_FLIGHT = 100
"""Activities at once. Temporal buffers the ends of those that come while a task runs, two events each, and where these
are more than `history.maximumBufferedEventsBatch` (100) fails the task, which costs a replay. 200 gained nothing.
Decided again at every replay: another value needs workflow.patched."""


Part = TypeVar("Part")


@dataclass(slots=True)
class Tally:
    """Of one workstream: how many of its steps are in which state."""

    name: str
    counts: dict[StepState, int] = field(default_factory=dict)


def given(part: Part | None) -> Part:
    """What a definition of this kind always has. Raises TypeError for one of another kind: a mistake of the engine."""
    if part is None:
        raise TypeError("the step is of another kind than its phase says")
    return part


class OrderRun:
    """A running order. Deterministic: `now` comes from outside, what is to be done goes out as commands."""

    def __init__(self, plan: Plan, now: float, in_flight: int = IN_FLIGHT) -> None:
        self.plan = plan
        self.now = now
        self.most_in_flight = in_flight
        self.recipes: list[Recipe | None] = [None] * len(plan.definitions)
        self.steps = [StepRun(position, len(step.after)) for position, step in enumerate(plan.steps)]
        self.followers = followers_in(plan)
        self.positions = {step.id: position for position, step in enumerate(plan.steps)}
        self.characteristics: dict[str, Any] = dict(plan.order.characteristics)
        self.started_at = now
        self.ended_at: float | None = None
        self.turns: deque[int] = deque()
        """Steps whose predecessors are settled, not yet judged."""
        self.retried: deque[int] = deque()
        """Steps that a person wants tried again: they begin without being judged anew."""
        self.ready: deque[int] = deque()
        """Steps that want an activity started, in line for one of those that may be in flight."""
        self.conditions: dict[int, None] = {}
        """Steps that wait for a condition, in the order in which they began to."""
        self.condition_readers: dict[int, list[int]] = {}
        """Step → the waiting conditions that read its output."""
        self.to_judge: dict[int, None] = {}
        """Conditions that read something that has changed."""
        self.waiting_events: dict[tuple[str, str | None], dict[int, None]] = {}
        """Event name and key (None: any) → the steps that wait for it."""
        self.inbox = Inbox()
        self.between = Between()
        self.flying = 0
        self.commands: list[Command] = []
        self.journal = Journal()
        self.told: Told | None = None
        """What somebody wants to be told of; None where nobody does."""
        self.open_tasks = 0
        self.fallout = 0
        """Steps, or undos of steps, that wait for a person's decision."""
        self.withdrawals = Withdrawals()
        self.revisions = Revisions()
        self.holds = Holds()
        self.line_tree: LineTree | None = None
        """Made when it is first asked for."""
        self.settled = 0
        self.counts: dict[StepState, int] = {StepState.PENDING: len(plan.steps)} if plan.steps else {}
        self.tallies = tallies_of(plan)
        self.changed = True
        """Something that people see has changed since it was last shown."""
        self.draining = False
        """Nothing new is started: the run is about to continue as another one."""
        self.strict = False
        """Mistakes of the engine raise, rather than park the step (tests)."""
        self.outlook: Outlook | None = None
        """None: nothing is promised by a date (workflows.core.timing.jeopardy.keep_time)."""
        self._due: list[tuple[float, int]] = []
        self._order_names: dict[str, Any] | None = None
        self._event_steps: dict[str, list[int]] | None = None

    def recipe(self, step: StepRun) -> Recipe:
        if self.revisions.sights and (sight := self.revisions.sights.get(step.position)) is not None:
            return sight.recipe
        definition = self.plan.steps[step.position].definition
        recipe = self.recipes[definition]
        if recipe is None:
            recipe = self.recipes[definition] = recipe_of(self.plan.definitions[definition])
        return recipe

    def definition(self, step: StepRun) -> PlannedDefinition:
        """As the step sees it: what it began with, should an amendment have changed it since."""
        if self.revisions.sights and (sight := self.revisions.sights.get(step.position)) is not None:
            return sight.definition
        return self.planned_definition(step)

    def planned_definition(self, step: StepRun) -> PlannedDefinition:
        """As the plan has it now."""
        return self.plan.definitions[self.plan.steps[step.position].definition]

    def id_of(self, step: StepRun) -> str:
        return self.plan.steps[step.position].id

    def key_of(self, step: StepRun) -> str:
        """The idempotency key of the step's present effect."""
        if step.patching:
            return f"{self.plan.order.id}/{self.id_of(step)}/change/{step.patches}"
        return f"{self.plan.order.id}/{self.id_of(step)}/do/{step.number}"

    def undo_key_of(self, step: StepRun) -> str:
        """The idempotency key of what takes the step's effect back now."""
        return f"{self.plan.order.id}/{self.id_of(step)}/undo/{given(step.undo).number}"

    def order_names(self, plan: Plan | None = None) -> dict[str, Any]:
        """What expressions see as `order`, with the characteristics as they are now. `plan`: whose order; default: the
        running one's."""
        if plan is not None and plan is not self.plan:
            return order_bindings(replace(plan.order, characteristics=self.characteristics))
        names = self._order_names
        if names is None:
            header = replace(self.plan.order, characteristics=self.characteristics)
            names = self._order_names = order_bindings(header)
        return names

    def set_characteristics(self, values: dict[str, Any]) -> None:
        self.characteristics = {**self.characteristics, **values}
        self._order_names = None
        if self.outlook is not None:
            self.outlook.stale = True
        self.to_judge.update(self.conditions)
        self.changed = True

    def readers_of(self, step: StepRun) -> list[StepRun]:
        """Those that are not settled and read its output."""
        return [
            self.steps[position]
            for position, planned in enumerate(self.plan.steps)
            if self.steps[position].state not in SETTLED and any(step.position in read for read in planned.reads)
        ]

    def event_steps(self) -> dict[str, list[int]]:
        """Event name → the steps that wait for it at some time."""
        if self._event_steps is None:
            found: dict[str, list[int]] = {}
            for position, planned in enumerate(self.plan.steps):
                event = self.plan.definitions[planned.definition].definition.event
                for name in event.name if event else ():
                    found.setdefault(name, []).append(position)
            self._event_steps = found
        return self._event_steps

    @property
    def ended(self) -> bool:
        return self.settled == len(self.steps) and not self.withdrawals.open

    def move(self, step: StepRun, state: StepState) -> None:
        """Raises IllegalTransition where the table does not have it."""
        before = step.state
        if state not in TRANSITIONS[before]:
            raise IllegalTransition(self.id_of(step), before, state)
        self.put(step, state)

    def put(self, step: StepRun, state: StepState) -> None:
        """Without asking the table: for what is read back, and for what a mistake left behind."""
        before = step.state
        step.state = state
        counts = self.counts
        counts[before] -= 1
        counts[state] = counts.get(state, 0) + 1
        tally = self.tallies[self.planned_definition(step).workstream].counts
        tally[before] -= 1
        tally[state] = tally.get(state, 0) + 1
        self.settled += (state in SETTLED) - (before in SETTLED)
        if not step.undoing:
            self.fallout += (state is StepState.FATALLY_FAILED) - (before is StepState.FATALLY_FAILED)
        if self.recipe(step).kind is StepKind.MANUAL:
            self.open_tasks += (state is StepState.IN_PROGRESS) - (before is StepState.IN_PROGRESS)
        if self.outlook is not None:
            self.outlook.moved(step, before, self.now)
        if self.told is not None:
            self.told.moved(step, before, state, self.now)
        if self.revisions.watched and step.position in self.revisions.watched:
            self.revisions.turns.append(step.position)
        self.changed = True

    def move_undo(self, step: StepRun, state: StepState) -> None:
        """Raises IllegalTransition where the table does not have it."""
        before = given(step.undo).state
        if state not in UNDO_TRANSITIONS[before]:
            raise IllegalTransition(f"{self.id_of(step)}, its undo,", before, state)
        self.put_undo(step, given(step.undo), state)

    def put_undo(self, step: StepRun, undo: UndoRun, state: StepState) -> None:
        """Without asking the table. `undo` is, or becomes, the step's."""
        was_in_fallout, before = step.in_fallout, undo.state
        step.undo, undo.state = undo, state
        self.fallout += step.in_fallout - was_in_fallout
        if self.told is not None:
            self.told.undo_moved(step, undo, before, self.now)
        if undo.phase is Phase.UNDO_PERSON:
            self.open_tasks += (state is StepState.IN_PROGRESS) - (before is StepState.IN_PROGRESS)
        self.changed = True

    def count_anew(self) -> None:
        """After the states were read back."""
        self.counts = dict(Counter(step.state for step in self.steps))
        self.settled = sum(count for state, count in self.counts.items() if state in SETTLED)
        for tally in self.tallies.values():
            tally.counts.clear()
        seen = Counter((self.plan.steps[step.position].definition, step.state) for step in self.steps)
        for (definition, state), count in seen.items():
            planned = self.plan.definitions[definition]
            counts = self.tallies[planned.workstream].counts
            counts[state] = counts.get(state, 0) + count
        self.open_tasks = sum(
            step.state is StepState.IN_PROGRESS and self.recipe(step).kind is StepKind.MANUAL for step in self.steps
        )
        self.open_tasks += sum(
            step.undo is not None and step.undo.phase is Phase.UNDO_PERSON and step.undo.state is StepState.IN_PROGRESS
            for step in self.steps
        )
        self.fallout = sum(step.in_fallout for step in self.steps)

    def wake_at(self, step: StepRun, moment: float) -> None:
        """The step wants attention then; `again_at` or `deadline` say for what."""
        heappush(self._due, (moment, step.position))
        if self.outlook is not None:
            self.outlook.woken(step, moment)

    def _is_due(self, moment: float, position: int) -> bool:
        step = self.steps[position]
        work = step.undo if step.undo is not None and step.undo.open else step
        if work is step and step.state in SETTLED:
            return False
        clock = step.clock
        return work.again_at == moment or work.deadline == moment or (clock is not None and clock.next_at == moment)

    def next_due(self) -> tuple[float, StepRun] | None:
        """The earliest moment at which a step wants attention."""
        due = self._due
        while due:
            moment, position = due[0]
            if self._is_due(moment, position):
                return moment, self.steps[position]
            heappop(due)
        return None

    def due_steps(self) -> Iterator[tuple[float, StepRun]]:
        """Those whose moment has come, earliest first; each is named once."""
        while (found := self.next_due()) is not None and found[0] <= self.now:
            heappop(self._due)
            yield found

    def forget_names(self) -> None:
        """The order, or its plan, is another one by now."""
        self._order_names = self._event_steps = None


def followers_in(plan: Plan) -> list[list[int]]:
    """Of each step, those that come after it."""
    followers: list[list[int]] = [[] for _ in plan.steps]
    for position, planned in enumerate(plan.steps):
        for before in planned.after:
            followers[before].append(position)
    return followers


def tallies_of(plan: Plan) -> dict[str, Tally]:
    """As long as no step has begun."""
    tallies: dict[str, Tally] = {}
    for step in plan.steps:
        definition = plan.definitions[step.definition]
        tally = tallies.get(definition.workstream)
        if tally is None:
            tally = tallies[definition.workstream] = Tally(definition.workstream_name, {StepState.PENDING: 0})
        tally.counts[StepState.PENDING] += 1
    return tallies

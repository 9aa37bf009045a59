"""An order driven at random that tells a ledger its changes. After each turn, the ledger has what the order has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from functools import partial
from random import Random
from typing import Any

from pydantic import TypeAdapter

from compiler.catalogue.catalogue import OutputReference
from compiler.plan.plan import Plan, PlannedDefinition, PlannedStep
from tests.support.core.random_order_trial import ANN, PossibleEvent, Trial
from tests.support.core.random_plans import START, random_plan
from tests.support.ledger.rows import LedgerRows, rows_of
from workflows.contract.ledger_record import CHANGE_ADAPTER
from workflows.contract.order_changes import ChangePosition
from workflows.contract.order_messages import Actor, EventDelivery, SetCharacteristics, StepAction
from workflows.contract.order_views import StepView
from workflows.contract.step_record import StepRecord
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.change_records.order_change import ChangeHeader, ChangeTracker, complete_change
from workflows.core.change_records.submitted_order import SubmittedOrder
from workflows.core.engine import deliveries, signals
from workflows.core.engine.perform_action import perform_action
from workflows.core.queries.order_view import step_view
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import RequestRefused

RECORDS, VIEWS = TypeAdapter(list[StepRecord]), TypeAdapter(list[StepView])
STEP_FIELDS = [each.name for each in fields(StepRecord)]
PEOPLE = (ANN, Actor(by="ben"))


def told_plan(seed: int) -> Plan:
    """A random plan whose tasks show the order's characteristics, and the outputs of steps before them."""
    plan = random_plan(Random(seed))
    definitions, steps = list(plan.definitions), list(plan.steps)
    for position, planned in enumerate(plan.definitions):
        if planned.definition.manual is not None or (planned.definition.undo and planned.definition.undo.manual):
            definitions[position], steps[position] = _reading_task(plan, planned, steps[position])
    return replace(plan, definitions=tuple(definitions), steps=tuple(steps))


def _reading_task(plan: Plan, planned: PlannedDefinition, step: PlannedStep) -> tuple[PlannedDefinition, PlannedStep]:
    sources = {plan.step_definition(plan.steps[at]).step: at for at in step.after}
    agreed = "${has(order.characteristics.agreed) ? 'agreed' : 'open'}"
    shown = "".join(f" ${{has(steps.{name}.output) ? steps.{name}.output : {{}}}}" for name in sources)
    definition, update = planned.definition, dict[str, Any]()
    if definition.manual is not None:
        update["manual"] = definition.manual.model_copy(update={"instructions": agreed + shown})
    if definition.undo is not None and definition.undo.manual is not None:
        manual = definition.undo.manual.model_copy(update={"instructions": f"{agreed} ${{output}}"})
        update["undo"] = definition.undo.model_copy(update={"manual": manual})
    known = {read.step for read in planned.reads}
    new = {name: at for name, at in sources.items() if name not in known}
    return (
        replace(
            planned,
            definition=definition.model_copy(update=update),
            reads=(*planned.reads, *(OutputReference("steps", "camera", name, False) for name in new)),
        ),
        replace(step, reads=(*step.reads, *((at,) for at in new.values()))),
    )


@dataclass
class ToldTrial(Trial):
    rows: LedgerRows = field(default_factory=LedgerRows)
    turns: int = 0
    tracker: ChangeTracker | None = None
    submitted: SubmittedOrder = field(default_factory=lambda: SubmittedOrder({"id": "O-1"}))

    def __post_init__(self) -> None:
        self.plan = self.plan or told_plan(self.seed)
        super().__post_init__()

    def take_over(self, run: OrderRun) -> None:
        super().take_over(run)
        self.tracker = None

    def advance(self) -> None:
        super().advance()
        self.check_told()

    def check_pause(self) -> None:
        self.check_told()

    def check_told(self) -> None:
        self.turns += 1
        header = ChangeHeader("O-1", "s", "r", ChangePosition(START, self.turns, self.run.now))
        if self.tracker is None:
            self.tracker = ChangeTracker(self.run, self.submitted)
        change = self.tracker.next_change(header)
        self.rows.apply(change)
        complete = complete_change(self.run, self.submitted, header)
        views = [step_view(self.run, step) for step in self.run.steps]
        for record in [*change.steps, *complete.steps]:
            self.check_shown(record, views[record.number - 1])
        if differences := self.rows.differences(rows_of(complete)):
            raise self.broken(f"the ledger has other rows than the order: {differences}")
        states = [line.state for line in complete.lines or ()]
        if states != rollup.line_states(self.run):
            raise self.broken(f"its lines are told as {states}, and are {rollup.line_states(self.run)}")
        if self.turns % 20 == 0:
            if CHANGE_ADAPTER.validate_json(CHANGE_ADAPTER.dump_json(complete)) != complete:
                raise self.broken("the change is not the same after a journey as JSON")
            if VIEWS.validate_json(RECORDS.dump_json(complete.steps)) != views:
                raise self.broken("another release would not read its steps as views")
            if RECORDS.validate_json(VIEWS.dump_json(views)) != complete.steps:
                raise self.broken("the steps that another release told would not be read")

    def check_shown(self, record: StepRecord, view: StepView) -> None:
        for name in STEP_FIELDS:
            told, shown = getattr(record, name), getattr(view, name)
            if told != shown or type(told) is not type(shown):
                raise self.broken(f"{record.id} tells {name} {told!r}, and shows {shown!r}")

    # more of what people and systems do

    def interference(self) -> Iterator[PossibleEvent]:
        yield from super().interference()
        step = self.random.choice(self.run.steps)
        id_, person = self.run.step_id(step), self.random.choice(PEOPLE)
        for name, data in (("claim", None), ("assign", {"to": "eva"}), ("assign", {"to": ""}), ("proceed", None)):
            yield 0.05, f"{name} {id_}", partial(self.person_acts, name, step, person, data)
        for name, change in (("extend", {"by": "1h"}), ("extend", {"by": "1h", "limit": "sla"})):
            yield 0.05, f"{name} {id_}", partial(self.person_acts, name, step, person, change)
        yield 0.05, f"reschedule {id_}", partial(self.person_acts, "reschedule", step, person, {"to": "2027-02-01"})
        yield 0.05, f"retry {id_} with input", partial(self.person_acts, "retry", step, person, {"v": len(self.log)})
        yield 0.05, "characteristics set", self.set_characteristics
        yield 0.05, "an event that comes early", self.unexpected_event
        if step.phase is Phase.EVENT:
            yield 0.1, f"unfit event for {id_}", partial(self.unfit_event, step)

    def person_acts(self, name: str, step: StepRun, person: Actor, data: dict[str, Any] | None) -> None:
        request = StepAction(step=self.run.step_id(step), actor=person, data=data, take_over=True)
        may_be_done = name == "retry" and step.uncertain and not step.undoing
        try:
            perform_action(self.run, ACTION_HANDLERS[name], request)
            if may_be_done:  # with other input, the person has decided that it is not
                self.decided_by_person.add(request.step)
        except RequestRefused as refused:
            self.log.append(f"refused: {refused}")

    def set_characteristics(self) -> None:
        message = SetCharacteristics(characteristics={"n": len(self.log)}, actor=ANN)
        perform_action(self.run, ACTION_HANDLERS["set"], message)

    def unexpected_event(self) -> None:
        names = sorted(self.run.steps_by_event()) or ["none"]
        delivery = EventDelivery(event_id=f"u{len(self.log)}", name=self.random.choice(names), payload={"id": "u"})
        signals.handle_signal(self.run, delivery)

    def unfit_event(self, step: StepRun) -> None:
        delivery = EventDelivery(event_id=f"f{len(self.log)}", name=step.event_names[0], payload={})
        try:
            deliveries.receive(self.run, delivery)
        except RequestRefused as refused:
            self.log.append(f"refused: {refused}")

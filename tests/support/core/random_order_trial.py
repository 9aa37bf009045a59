"""An order driven at random through the core. After each event, everything that must always hold is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from compiler.graph import reachable
from compiler.language.steps import StepKind
from compiler.plan.codec import encode_plan
from compiler.plan.plan import Plan
from tests.support.core.amendments import amended
from tests.support.core.pretend_world import PendingCallback, Shop, Start
from tests.support.core.random_plans import START, changed_plan, random_plan
from workflows.contract.order_messages import (
    Actor,
    CallbackDelivery,
    EventDelivery,
    OrderAction,
    SetCharacteristics,
    StepAction,
)
from workflows.contract.states import CANCELLED_STATES, DONE, StepState
from workflows.core.actions.action import OrderActionHandler, StepActionHandler
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.amendment import apply, impact
from workflows.core.compensation.rollback import assess_rollback
from workflows.core.compensation.targets import order_target
from workflows.core.compensation.undo_order import undo_graph
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance
from workflows.core.engine.perform_action import perform_action
from workflows.core.execution import callback_matching, event_matching
from workflows.core.execution.event_matching import received_event
from workflows.core.queries.order_view import step_view
from workflows.core.state.commands import CancelActivity, StartActivity, StartCall
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import current_order_state
from workflows.core.state.state_transitions import REDO_REASONS
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.refusal import RequestRefused
from workflows.core.timing import order_jeopardy
from workflows.core.timing.forecast import make_forecast

ANN = Actor(by="ann", reason="asked to")
UNDO_PHASES = (Phase.RECOVER_OUTPUT, Phase.RECOVER_OUTPUT_POLL, Phase.UNDO_CALL, Phase.UNDO_ACTIVITY, Phase.UNDO_MANUAL)
TURBULENT_EVENTS, MAX_EVENTS = 120, 1_500
"""Events until nothing fails any more, and until an order that has not ended counts as stuck."""

PossibleEvent = tuple[float, str, Callable[[], None]]
"""(weight, description, what to do)"""


class InvariantBroken(AssertionError):
    """Something that must always hold does not."""


@dataclass
class Flight:
    command: Start
    number: int


@dataclass
class Trial:
    seed: int
    plan: Plan | None = None
    benign: bool = False
    """Nothing fails, and nobody interferes."""
    continues_as_new: bool = True
    """The run continues as new now and then."""
    always_continues_as_new: bool = False
    """It does so whenever it can; nothing else changes."""
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.plan = self.plan or random_plan(self.random)
        self.first = self.requested = self.plan
        self.shop = Shop(self.seed)
        self.run = OrderRun(self.plan, START, self.random.choice([1, 3, 100]))
        self.run.raise_engine_errors = True
        self.flights: list[Flight] = []
        self.decided_by_person: set[str] = set()
        """Steps that a person has completed or skipped: the shop's books need not agree."""
        self.undo_skipped: set[str] = set()
        self.checked_undos: dict[str, int] = {}
        self.rolled_back = False
        """The order as a whole is rolled back."""
        self.kept: set[int] = set()
        """Steps that were past their point of no return at the rollback, or that such steps depend on."""
        self.retries: dict[str, int] = {}
        advance.start_order(self.run)
        self.advance()

    # the loop

    def run_to_end(self) -> Trial:
        for count in range(MAX_EVENTS):
            if self.run.ended and not self.flights:
                self.check_end()
                return self
            if count == TURBULENT_EVENTS or self.benign:
                self.shop.benign = self.benign = True
            self.tick()
        raise self.broken(f"it has not ended after {MAX_EVENTS} events: {self.states()}")

    def tick(self) -> None:
        possible = list(self.possible_events())
        if not possible:
            raise self.broken(f"no event is possible, and it has not ended: {self.states()}")
        drawn = self.random.choices(possible, [weight for weight, _, _ in possible])[0]
        self.log.append(drawn[1])
        try:
            drawn[2]()
            self.advance()
        except InvariantBroken:
            raise
        except Exception as error:
            raise self.broken(f"{type(error).__name__}: {error}") from error

    def advance(self) -> None:
        before = {step.position for step in self.run.steps if step.has_started}
        while advance.advance(self.run):
            self.check_pause()
        order_jeopardy.refresh(self.run)
        for command in advance.drain_commands(self.run):
            if isinstance(command, StartCall | StartActivity):
                step = self.run.steps[command.step]
                self.flights.append(Flight(command, step.number))
            elif isinstance(command, CancelActivity):
                self.log.append(f"cancelled {self.run.step_id(self.run.steps[command.step])}")
        for step in self.run.steps:
            if step.has_started and step.position not in before:
                self.check_started(step)
            self.check_undo(step)
        self.check_views()
        if self.always_continues_as_new and not self.flights and not self.run.ended:
            self.continue_as_new()

    def check_pause(self) -> None:
        """The engine pauses in a long computation, and clients may read the order."""

    def broken(self, what: str) -> InvariantBroken:
        happened = "\n  ".join(self.log[-60:])
        return InvariantBroken(f"seed {self.seed}: {what}\nthe last events:\n  {happened}")

    def states(self) -> dict[str, str]:
        return {
            self.run.step_id(step): f"{step.state}"
            + (f" (undo {step.undo.state})" if step.undo and step.undoing else "")
            for step in self.run.steps
        }

    # which events are possible

    def possible_events(self) -> Iterator[PossibleEvent]:
        for flight in self.flights:
            yield 3.0, f"lands {flight.command.request.idempotency_key}", partial(self.land, flight)
        for callback in self.shop.callbacks:
            yield 1.0, f"called back {callback.key}", partial(self.callback, callback)
        if (due := self.run.next_due()) is not None:
            yield 0.7, f"time passes to {due[0] - START:g}", lambda: self.pass_time(due[0])
        if not self.benign:
            yield from self.interference()
        for step in self.run.steps:
            yield from self.of_step(step)
        if self.run.waiting.conditions:
            yield 0.3, "agreed", self.agree
        for scope in self.run.holds.by_scope:
            yield 0.3, f"{scope} resumed", partial(self.resume, scope)

    def of_step(self, step: StepRun) -> Iterator[PossibleEvent]:
        id_ = self.run.step_id(step)
        if step.phase is Phase.EVENT and not step.undoing:
            yield 1.0, f"event for {id_}", lambda: self.event(step)
        if step.active_phase is Phase.MANUAL and not step.undoing:
            outcome = "done" if self.benign or self.random.random() < 0.8 else "failed"
            data = {"outcome": outcome} | ({"id": "given"} if self.benign else {})  # a later step may read it
            yield 1.0, f"{id_} {outcome}", lambda: self.step_action("complete", step, data)
        elif step.active_phase is Phase.UNDO_MANUAL and step.undo and step.undo.state is StepState.IN_PROGRESS:
            yield 1.0, f"{id_} undone by hand", lambda: self.step_action("complete", step, {})
        if step.in_fallout:
            yield from self.of_fallout(step, id_)

    def of_fallout(self, step: StepRun, id_: str) -> Iterator[PossibleEvent]:
        tried = self.retries.get(id_, 0)
        if tried < 3 or not self.benign:
            yield 0.6, f"retry {id_}", lambda: self.step_action("retry", step, None)
        if step.undoing:
            yield 0.2, f"the effect of {id_} may stay", lambda: self.step_action("skip", step, None)
            return
        yield 0.2, f"skip {id_}", lambda: self.step_action("skip", step, {"id": "given"})
        if self.run.profile(step).kind is not StepKind.MANUAL:
            yield 0.2, f"complete {id_}", lambda: self.step_action("complete", step, {"id": "given"})

    def interference(self) -> Iterator[PossibleEvent]:
        step = self.run.step_id(self.random.choice(self.run.steps))
        line = self.random.choice(self.run.plan.order_lines).id
        override = "it must be" if self.random.random() < 0.2 else None
        yield 0.03, "order rolls back", partial(self.order_action, "rollback", override=override)
        yield 0.03, "order cancelled", partial(self.order_action, "cancel", override=override)
        yield 0.04, f"line {line} rolls back", partial(self.order_action, "rollback", line=line, override=override)
        yield 0.06, f"redo from {step}", partial(self.order_action, "redo", step=step, override=override)
        yield 0.03, "order held", partial(self.order_action, "hold")
        yield 0.03, f"line {line} held", partial(self.order_action, "hold", line=line)
        yield 0.03, f"step {step} held", partial(self.order_action, "hold", step=step)
        yield 0.1, "amended", self.amend
        yield 0.03, "amended to the same order", self.amend_to_the_same
        yield 0.2, "time passes a little", lambda: self.pass_time(self.run.now + 60.0)
        if self.continues_as_new and not self.flights:
            yield 0.3, "continues as new", self.continue_as_new

    # the events

    def land(self, flight: Flight) -> None:
        self.flights.remove(flight)
        command = flight.command
        landing = self.shop.land(command, self.run.step_id(self.run.steps[command.step]), flight.number)
        if landing.answer is not None:
            advance.activity_succeeded(self.run, command.step, command.launch, landing.answer)
        elif landing.failure is not None:
            advance.activity_failed(self.run, command.step, command.launch, landing.failure)
        else:
            advance.activity_interrupted(self.run, command.step, command.launch, started=True)

    def callback(self, callback: PendingCallback) -> None:
        self.shop.callbacks.remove(callback)
        delivery = CallbackDelivery(
            step=callback.step, key=callback.key, event_id=f"cb/{callback.key}", payload=callback.payload
        )
        verdict = callback_matching.evaluate_callback(self.run, delivery)
        if verdict.status != "late":
            self.shop.settled_with(callback)
        advance.handle_callback(self.run, delivery, verdict)

    def event(self, step: StepRun) -> None:
        delivery = EventDelivery(
            event_id=f"e{len(self.log)}", name=step.event_names[0], key=step.key, payload={"id": "e"}
        )
        event = received_event(delivery, self.run.now)
        advance.handle_event(self.run, event, event_matching.evaluate_event(self.run, event))

    def pass_time(self, moment: float) -> None:
        self.run.now = max(self.run.now, moment)
        advance.process_due_steps(self.run)

    def agree(self) -> None:
        perform_action(
            self.run, ACTION_HANDLERS["set"], SetCharacteristics(characteristics={"agreed": True}, actor=ANN)
        )

    def is_possible(self, name: str, request: StepAction | OrderAction) -> bool:
        try:
            handler: Any = ACTION_HANDLERS[name]
            return handler.check(self.run, request) is None
        except RequestRefused as refused:
            self.log.append(f"refused: {refused}")
            return False

    def step_action(self, name: str, step: StepRun, data: dict[str, str] | None) -> None:
        id_ = self.run.step_id(step)
        request = StepAction(step=id_, actor=ANN, data=data, take_over=True)
        if not self.is_possible(name, request):
            return
        if name == "retry":
            self.retries[id_] = self.retries.get(id_, 0) + 1
        elif step.undoing and name == "skip":
            self.undo_skipped.add(id_)
        elif step.undoing:
            self.shop.effects[id_].discard(step.number)
        elif step.in_fallout:
            self.decided_by_person.add(id_)
        handler = ACTION_HANDLERS[name]
        assert isinstance(handler, StepActionHandler)
        advance.run_guarded(self.run, step, handler.apply, request)

    def order_action(self, name: str, **of: Any) -> None:
        act = OrderAction(actor=ANN, **of)
        found = assess_rollback(self.run, order_target(self.run), override=bool(act.override))
        if not self.is_possible(name, act):
            return
        if name in ("cancel", "rollback") and act.line is None:
            self.rolled_back = True
            self.kept = {*found.kept, *found.past_ponr}
        elif name == "redo":
            self.rolled_back = False
        handler = ACTION_HANDLERS[name]
        assert isinstance(handler, OrderActionHandler)
        handler.apply(self.run, act)

    def resume(self, scope: str) -> None:
        kind, _, named = scope.partition(" ")
        self.order_action("resume", **({} if kind == "order" else {kind: named}))

    def amend(self) -> None:
        wanted = changed_plan(self.random, self.first)
        found = amended(self.run.plan, self.run.amendments.retired, wanted)
        try:
            impact.check_amendable(self.run)
        except RequestRefused as refused:
            self.log.append(f"refused: {refused}")
            return
        fates = impact.step_fates(self.run, found)
        against, _ = impact.ponr_barriers(self.run, fates)
        self.log.append(f"fates: { ({found.plan.steps[at].id: str(fate) for at, fate in fates.items()}) } {against}")
        if not against and not impact.is_no_op(self.run, found):
            self.requested, self.rolled_back = wanted, False
            apply.apply_amendment(self.run, found, fates)

    def amend_to_the_same(self) -> None:
        found = amended(self.run.plan, self.run.amendments.retired, self.requested)
        if not impact.is_no_op(self.run, found):
            raise self.broken("amending it to the same order changes something")

    def continue_as_new(self) -> None:
        before = self.view()
        run, _ = order_snapshot.restore_order(
            order_snapshot.snapshot_order(self.run, encode_plan(self.run.plan)), self.run.now
        )
        run.raise_engine_errors, run.max_in_flight = True, self.run.max_in_flight
        self.take_over(run)
        after = self.view()
        if after != before:
            raise self.broken(f"it is not the same after continue-as-new: {_differing(before, after)}")

    def take_over(self, run: OrderRun) -> None:
        """The order goes on as this run."""
        self.run = run

    # what must hold

    def check_started(self, step: StepRun) -> None:
        if step.undoing or step.state in CANCELLED_STATES:
            return
        before = [self.run.steps[at] for at in self.run.plan.steps[step.position].after]
        open_ = [
            each.position for each in before if not each.released or (each.undoing and each.undo_reason in REDO_REASONS)
        ]
        if open_:
            raise self.broken(
                f"{self.run.step_id(step)} has begun before {[self.run.plan.steps[at].id for at in open_]}"
            )

    def check_undo(self, step: StepRun) -> None:
        """When an undo has begun, everything that depends on the step is undone."""
        undo = step.undo
        if undo is None or not undo.is_open or undo.phase not in UNDO_PHASES or undo.state is StepState.PENDING:
            return
        id_ = self.run.step_id(step)
        started = undo.number * 1_000 + step.number
        if self.checked_undos.get(id_) == started:
            return
        self.checked_undos[id_] = started
        _, followers = undo_graph(self.run)  # as they were when the steps began, should an amendment have changed that
        behind = [at for at in reachable([step.position], followers) if at != step.position]
        open_followers = [at for at in behind if self.run.steps[at].undoing]
        if self.rolled_back:
            open_followers += [at for at in behind if self.run.steps[at].state in DONE and at not in self.kept]
        if open_followers:
            raise self.broken(f"{id_} is undone before {[self.run.plan.steps[at].id for at in open_followers]}")

    def check_views(self) -> None:
        """An order that runs shows what it waits for; its forecast is never before now."""
        if self.run.ended:
            return
        forecast = make_forecast(self.run, self.run.now)
        if forecast.end < self.run.now:
            raise self.broken("its forecast is before now")
        views = [step_view(self.run, step, forecast) for step in self.run.steps]
        if self.flights:
            return
        waits = [
            view for view in views if view.waits_for or view.state is StepState.FATALLY_FAILED or view.next_attempt_at
        ]
        waits += [view for view in views if view.state is StepState.ON_HOLD]
        waits += [view for view in views if view.undo and (view.undo.waits_for or view.undo.error)]
        if not waits:
            raise self.broken(f"it waits, and no view shows for what: {self.states()}")

    def check_end(self) -> None:
        if self.rolled_back:
            self.check_rolled_back()
        for step in self.run.steps:
            self.check_books(step)
        current_order_state(self.run)

    def check_rolled_back(self) -> None:
        """Every completed step is undone, is past its point of no return, or is needed by one that is."""
        left = [
            self.run.step_id(step) for step in self.run.steps if step.state in DONE and step.position not in self.kept
        ]
        if left:
            raise self.broken(f"it was rolled back, and {left} are still completed")

    def check_books(self, step: StepRun) -> None:
        id_, definition = self.run.step_id(step), self.run.definition(step).definition
        if not self.run.profile(step).uses_activity or id_ in self.decided_by_person | self.undo_skipped:
            return
        holds = self.shop.effects[id_]
        missing = step.number not in holds or (definition.undo is not None and len(holds) > 1)
        if step.state in DONE and missing:
            raise self.broken(f"{id_} is {step.state} as number {step.number}, and the shop's books hold {holds}")
        if step.state in CANCELLED_STATES and definition.undo is not None and holds:
            raise self.broken(f"{id_} is {step.state}, and the shop's books hold {holds}")

    def view(self) -> dict[str, object]:
        """What clients see of the order, and when it is due."""
        due = self.run.next_due()
        seen: dict[str, object] = {
            "state": current_order_state(self.run),
            "fallout": self.run.counters.fallout,
            "tasks": self.run.counters.open_tasks,
            "due": due and due[0],
        }
        for step in self.run.steps:
            for name, value in step_view(self.run, step).model_dump(exclude={"output", "late_at"}).items():
                seen[f"{self.run.step_id(step)} {name}"] = value
        return seen


def _differing(before: dict[str, object], after: dict[str, object]) -> dict[str, tuple[object, object]]:
    return {name: (value, after[name]) for name, value in before.items() if value != after[name]}

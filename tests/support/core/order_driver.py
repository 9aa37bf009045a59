"""Drives the core by hand, one event at a time: does what Temporal and the systems would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activity_contract.calls import SystemCall
from compiler.plan.codec import encode_plan
from compiler.plan.plan import Plan
from tests.support.core.plans import plan_of
from workflows.contract.order_messages import (
    ActionResult,
    Actor,
    CallbackDelivery,
    EventDelivery,
    Message,
    OrderAction,
    SetCharacteristics,
    StepAction,
)
from workflows.contract.order_views import StepView
from workflows.contract.states import OrderState, StepState
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.core.compensation import rollback, targets
from workflows.core.compensation.rollback import RollbackImpact
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance, deliveries, signals
from workflows.core.engine.perform_action import perform_action
from workflows.core.queries.order_view import step_view
from workflows.core.state.commands import (
    CancelActivity,
    Command,
    StartActivity,
    StartCall,
    SubscribeEvents,
    UnsubscribeEvents,
)
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import current_order_state
from workflows.core.state.state_transitions import UndoReason
from workflows.core.state.step_keys import idempotency_key
from workflows.core.state.step_run import StepFailure, StepRun, UndoRun
from workflows.core.steps import event_subscription
from workflows.core.timing import order_jeopardy

START = 1_800_000_000.0
ANN = Actor(by="ann", reason="asked to")


class OrderDriver:
    """An order whose steps are named as in `plan_of`. Errors of the engine raise."""

    mailboxes_answer = True
    """At once; False: a test ends the requests to them."""

    def __init__(self, plan: Plan | Mapping[str, Any], in_flight: int = 200, strict: bool = True) -> None:
        self.plan = plan if isinstance(plan, Plan) else plan_of(plan)
        self.run = OrderRun(self.plan, START, in_flight)
        self.run.raise_engine_errors = strict
        self.commands: list[Command] = []
        advance.start_order(self.run)
        self.advance()

    def advance(self) -> None:
        while advance.advance(self.run):
            pass
        order_jeopardy.refresh(self.run)
        sent = advance.drain_commands(self.run)
        self.commands += sent
        if self.mailboxes_answer:
            self.end_requests(
                *(command for command in sent if isinstance(command, SubscribeEvents | UnsubscribeEvents))
            )

    def end_requests(self, *requests: SubscribeEvents | UnsubscribeEvents, succeeded: bool = True) -> None:
        """The mailboxes have answered, in this order; what follows from that is in `commands`."""
        for request in requests:
            event_subscription.request_ended(self.run, request, succeeded=succeeded)
        if requests:
            self.advance()

    def requests(self) -> list[str]:
        """What the mailboxes were asked for: `+delivered O-1`, `-delivered O-1`."""
        return [
            f"{'+' if isinstance(command, SubscribeEvents) else '-'}{name} {command.subscription.key}"
            for command in self.commands
            if isinstance(command, SubscribeEvents | UnsubscribeEvents)
            for name in command.subscription.names
        ]

    def step(self, name: str) -> StepRun:
        return self.run.steps[self.run.position_by_id[f"camera.{name}@1"]]

    def state(self, name: str) -> StepState:
        return self.step(name).state

    def states(self) -> dict[str, str]:
        names = [definition.step for definition in self.plan.definitions]
        return {name: step.state.value for name, step in zip(names, self.run.steps, strict=True)}

    def view(self, name: str) -> StepView:
        return step_view(self.run, self.step(name))

    def order_state(self) -> OrderState:
        return current_order_state(self.run)

    def started(self, name: str) -> list[StartCall | StartActivity]:
        """The activities started for the step."""
        position = self.step(name).position
        return [
            command
            for command in self.commands
            if isinstance(command, StartCall | StartActivity) and command.step == position
        ]

    def request(self, name: str) -> SystemCall:
        """The last call made for the step."""
        last = self.started(name)[-1]
        assert isinstance(last, StartCall)
        return last.request

    def keys(self, name: str) -> list[str]:
        return [command.request.idempotency_key for command in self.started(name)]

    def cancelled(self, name: str) -> bool:
        position = self.step(name).position
        return any(isinstance(command, CancelActivity) and command.step == position for command in self.commands)

    def answer(self, name: str, output: Any = None, attempts: int = 1) -> None:
        step = self.step(name)
        advance.activity_succeeded(self.run, step.position, step.launch, {"output": output, "attempts": attempts})
        self.advance()

    def fail(self, name: str, code: str = "http_500", message: str = "it broke", **options: Any) -> None:
        step = self.step(name)
        failure = StepFailure(code, message, **{"attempts": 5, **options})
        advance.activity_failed(self.run, step.position, step.launch, failure)
        self.advance()

    def wait(self, seconds: float) -> None:
        self.run.now += seconds
        advance.process_due_steps(self.run)
        self.advance()

    def event(self, name: str, key: str | None = None, payload: Any = None, **options: Any) -> str:
        """The delivery's status. Raises RequestRefused."""
        event_id = options.pop("event_id", f"{name}/{key}/{payload}")
        delivery = EventDelivery(event_id=event_id, name=name, key=key, payload=payload, **options)
        return self._update(delivery)

    def signal_event(self, name: str, key: str | None = None, payload: Any = None, **options: Any) -> None:
        """As a mailbox delivers it: nobody waits for an answer."""
        event_id = options.pop("event_id", f"{name}/{key}/{payload}")
        delivery = EventDelivery(event_id=event_id, name=name, key=key, payload=payload, **options)
        signals.handle_signal(self.run, delivery)
        self.advance()

    def callback(self, name: str, payload: Any = None, key: str | None = None, event_id: str = "cb-1") -> str:
        """The delivery's status. Raises RequestRefused."""
        step = self.step(name)
        delivery = CallbackDelivery(
            step=self.run.step_id(step),
            key=key or idempotency_key(self.run, step),
            event_id=event_id,
            payload=payload,
        )
        return self._update(delivery)

    def _update(self, delivery: EventDelivery | CallbackDelivery) -> str:
        deliveries.check(self.run, delivery, self.run.now)
        try:
            return deliveries.receive(self.run, delivery).status
        finally:
            self.advance()

    def step_action(self, action: str, name: str, data: Any = None, actor: Actor = ANN, **options: Any) -> ActionResult:
        """Performs a step action. Raises RequestRefused."""
        return self.perform(action, StepAction(step=f"camera.{name}@1", actor=actor, data=data, **options))

    def perform(self, action: str, request: Message) -> ActionResult:
        result = perform_action(self.run, ACTION_HANDLERS[action], request)
        self.advance()
        return result

    def roll_back(
        self, line: str | None = None, why: UndoReason = UndoReason.FAILURE, *, override: bool = False
    ) -> RollbackImpact:
        target = targets.order_target(self.run) if line is None else targets.line_target(self.run, line)
        assert target is not None
        found = rollback.assess_rollback(self.run, target, override=override)
        rollback.roll_back(self.run, found, why)
        self.advance()
        return found

    def order_action(self, action: str, name: str | None = None, **options: Any) -> ActionResult:
        """On the order, on `line=…`, or on the step of this name. Raises RequestRefused."""
        step = None if name is None else f"camera.{name}@1"
        return self.perform(action, OrderAction(actor=ANN, step=step, **options))

    def undo(self, name: str) -> UndoRun:
        """The step's undo."""
        undo = self.step(name).undo
        assert undo is not None
        return undo

    def in_flight(self) -> list[str]:
        """Ids of the steps with a running activity."""
        return [step.id for step, run in zip(self.plan.steps, self.run.steps, strict=True) if run.in_flight]

    def set_characteristics(self, **characteristics: Any) -> ActionResult:
        return self.perform("set", SetCharacteristics(characteristics=characteristics, actor=ANN))

    def continue_as_new(self) -> OrderDriver:
        """The same order in the next run. No activity may be running."""
        packed = encode_plan(self.plan)
        next_run, _ = order_snapshot.restore_order(order_snapshot.snapshot_order(self.run, packed), self.run.now)
        driven = OrderDriver.__new__(OrderDriver)
        driven.plan, driven.run, driven.commands = next_run.plan, next_run, []
        driven.run.raise_engine_errors = True
        driven.advance()
        return driven

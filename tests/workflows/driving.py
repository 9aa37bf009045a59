"""Drives the core by hand: what Temporal and the world would do, one happening at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from activity_contract.calls import SystemCall
from compiler.plan.codec import pack
from compiler.plan.plan import Plan
from tests.workflows.plans import plan_of
from workflows.contract.order_messages import ActAnswer, Actor, EventDelivery, OrderAct, SetCharacteristics, StepAct
from workflows.contract.order_views import StepView
from workflows.contract.states import OrderState, StepState
from workflows.core.actions import order_actions, step_actions
from workflows.core.compensation import rollback, targets
from workflows.core.compensation.rollback import Assessment
from workflows.core.continue_as_new import order_snapshot
from workflows.core.engine import advance
from workflows.core.execution import callback_matching, event_matching
from workflows.core.execution.event_matching import kept_event
from workflows.core.queries.order_view import step_view
from workflows.core.state.commands import CancelActivity, Command, StartActivity, StartCall
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import state_of
from workflows.core.state.state_transitions import Withdrawal
from workflows.core.state.step_run import Failure, StepRun, UndoRun
from workflows.core.timing import jeopardy

START = 1_800_000_000.0
ANN = Actor(by="ann", reason="asked to")


class Driven:
    """An order whose steps are named as in `plan_of`. Mistakes of the engine raise."""

    def __init__(self, plan: Plan | Mapping[str, Any], in_flight: int = 200, strict: bool = True) -> None:
        self.plan = plan if isinstance(plan, Plan) else plan_of(plan)
        self.run = OrderRun(self.plan, START, in_flight)
        self.run.strict = strict
        self.commands: list[Command] = []
        advance.start(self.run)
        self.go_on()

    def go_on(self) -> None:
        while advance.advance(self.run):
            pass
        jeopardy.refresh(self.run)
        self.commands += advance.take_commands(self.run)

    def step(self, name: str) -> StepRun:
        return self.run.steps[self.run.positions[f"camera.{name}@1"]]

    def state(self, name: str) -> StepState:
        return self.step(name).state

    def states(self) -> dict[str, str]:
        names = [definition.step for definition in self.plan.definitions]
        return {name: step.state.value for name, step in zip(names, self.run.steps, strict=True)}

    def view(self, name: str) -> StepView:
        return step_view(self.run, self.step(name))

    def order_state(self) -> OrderState:
        return state_of(self.run)

    def sent(self, name: str) -> list[StartCall | StartActivity]:
        """The activities started for the step."""
        position = self.step(name).position
        return [
            command
            for command in self.commands
            if isinstance(command, StartCall | StartActivity) and command.step == position
        ]

    def request(self, name: str) -> SystemCall:
        """The last call made for the step."""
        last = self.sent(name)[-1]
        assert isinstance(last, StartCall)
        return last.request

    def keys(self, name: str) -> list[str]:
        return [command.request.idempotency_key for command in self.sent(name)]

    def cancelled(self, name: str) -> bool:
        position = self.step(name).position
        return any(isinstance(command, CancelActivity) and command.step == position for command in self.commands)

    def answer(self, name: str, output: Any = None, attempts: int = 1) -> None:
        step = self.step(name)
        advance.answered(self.run, step.position, step.launch, {"output": output, "attempts": attempts})
        self.go_on()

    def fail(self, name: str, code: str = "http_500", message: str = "it broke", **further: Any) -> None:
        step = self.step(name)
        failure = Failure(code, message, **{"attempts": 5, **further})
        advance.attempt_failed(self.run, step.position, step.launch, failure)
        self.go_on()

    def wait(self, seconds: float) -> None:
        self.run.now += seconds
        advance.pass_time(self.run)
        self.go_on()

    def event(self, name: str, key: str | None = None, payload: Any = None, **further: Any) -> str:
        """How it was taken. Raises Refused."""
        event_id = further.pop("event_id", f"{name}/{key}/{payload}")
        delivery = EventDelivery(event_id=event_id, name=name, key=key, payload=payload, **further)
        event = kept_event(delivery, self.run.now)
        verdict = event_matching.verdict_on(self.run, event)
        advance.take_event(self.run, event, verdict)
        self.go_on()
        return verdict.status

    def call_back(self, name: str, payload: Any = None, key: str | None = None, event_id: str = "cb-1") -> str:
        """How it was taken. Raises Refused."""
        step = self.step(name)
        key = key or self.run.key_of(step)
        verdict = callback_matching.verdict_on(self.run, self.run.id_of(step), key, event_id)
        advance.take_callback(self.run, key, event_id, payload, verdict)
        self.go_on()
        return verdict.status

    def act(
        self, act: step_actions.ActName, name: str, data: Any = None, expected: StepState | None = None
    ) -> ActAnswer:
        """Raises Refused."""
        message = StepAct(step=f"camera.{name}@1", actor=ANN, data=data, expected=expected)
        step, already = step_actions.judged(self.run, act, message)
        if already is not None:
            return already
        advance.act(self.run, act, step, message)
        self.go_on()
        return step_actions.answer_of(self.run, act, step, message)

    def roll_back(
        self, line: str | None = None, why: Withdrawal = Withdrawal.FAILURE, *, override: bool = False
    ) -> Assessment:
        target = targets.whole_order(self.run) if line is None else targets.of_line(self.run, line)
        assert target is not None
        found = rollback.assessed(self.run, target, override=override)
        rollback.roll_back(self.run, found, why)
        self.go_on()
        return found

    def order_act(self, act: order_actions.OrderActName, name: str | None = None, **further: Any) -> ActAnswer:
        """On the order, on `line=…`, or on the step of this name. Raises Refused."""
        step = None if name is None else f"camera.{name}@1"
        message = OrderAct(actor=ANN, step=step, **further)
        answer = order_actions.judged(self.run, act, message)
        if answer is None:
            answer = order_actions.done(self.run, act, message)
        self.go_on()
        return answer

    def undo(self, name: str) -> UndoRun:
        """What takes the step back."""
        undo = self.step(name).undo
        assert undo is not None
        return undo

    def flying(self) -> list[str]:
        """The steps of which an activity is under way."""
        return [step.id for step, run in zip(self.plan.steps, self.run.steps, strict=True) if run.flying]

    def set(self, **characteristics: Any) -> ActAnswer:
        answer = step_actions.set_characteristics(
            self.run, SetCharacteristics(characteristics=characteristics, actor=ANN)
        )
        self.go_on()
        return answer

    def carry_over(self) -> Driven:
        """The same order in a run that continues this one. Nothing may be in flight."""
        packed = pack(self.plan)
        next_run, _ = order_snapshot.resumed(order_snapshot.carried(self.run, packed), self.run.now)
        driven = Driven.__new__(Driven)
        driven.plan, driven.run, driven.commands = next_run.plan, next_run, []
        driven.run.strict = True
        driven.go_on()
        return driven

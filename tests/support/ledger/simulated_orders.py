"""Orders that no engine runs: they tell the ledger what orders tell it, turn by turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from activity_contract.line_reasons import LineReason
from workflows.contract.order_changes import (
    AmendmentRecord,
    ChangePosition,
    HistoryRecord,
    OrderChange,
    OrderRecord,
)
from workflows.contract.order_views import ErrorView, LineView
from workflows.contract.states import ENDED_ORDER_STATES, SETTLED, Jeopardy, OrderState, StepState
from workflows.contract.step_record import StepRecord

EPOCH = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SYSTEMS = ("inventory", "logistics", "billing")
TURN = timedelta(milliseconds=250)
EVENTS_PER_TURN = 6
VERSION = "sha256:" + "4f" * 32


def simulated_lines(count: int, external_id: str) -> list[LineView]:
    """An order line, and fulfilment lines that it became."""
    return [
        LineView(
            id="1" if number == 0 else f"security_camera@{number}",
            product="home_security" if number == 0 else "security_camera",
            name="Home security" if number == 0 else "Security camera",
            quantity=1 if number == 0 else 4,
            action="add",
            attributes={"camera_model": "outdoor", "plan": "premium", "warranty_years": 3},
            state=OrderState.IN_PROGRESS,
            sources=[] if number == 0 else ["1"],
            external_ids={"crm": external_id} if number == 0 else {},
        )
        for number in range(count)
    ]


def simulated_step(number: int) -> StepRecord:
    """Of every three, the third is a task of people."""
    is_manual = number % 3 == 0
    return StepRecord(
        number=number,
        id=f"security_camera.step_{number}@1",
        workstream="installation",
        workstream_name="Installation",
        name=f"Step {number}",
        kind="manual" if is_manual else "call",
        summary=f"Security camera ×4 · Step {number}",
        lines=[f"security_camera@{number % 4 + 1}"],
        after=[f"security_camera.step_{number - 1}@1"] if number > 1 else [],
        state=StepState.PENDING,
        system=None if is_manual else SYSTEMS[number % len(SYSTEMS)],
        queue="field_ops" if is_manual else None,
        instructions="Mount the cameras, and note their serial numbers." if is_manual else None,
    )


def simulated_reasons(lines: Iterable[LineView]) -> list[LineReason]:
    values = {"attributes.cameras": 4}
    condition = "`attributes.cameras > 0` holds"
    made = [line for line in lines if line.sources]
    return [LineReason(line.id, "rule", "1", line.product, condition, "offers.yaml:21:5", values) for line in made]


@dataclass
class SimulatedOrder:
    order_id: str
    submission: str = "first-run"
    step_count: int = 12
    started_at: datetime = EPOCH
    revision: int = 1
    customer: dict[str, Any] = field(default_factory=lambda: {"id": "C-42", "name": "Elm Street 14", "tier": "gold"})
    priority: int = 3
    run: int = 1
    state: OrderState = OrderState.IN_PROGRESS

    def __post_init__(self) -> None:
        self.steps = {number: simulated_step(number) for number in range(1, self.step_count + 1)}
        self.lines = simulated_lines(6, f"CRM-{self.order_id}")
        self.history: list[HistoryRecord] = []
        self.amendments: list[AmendmentRecord] = []
        self.position = ChangePosition(self.started_at.timestamp(), 3, self.started_at.timestamp())
        self.ended_at: datetime | None = None
        self._note("order accepted")

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.position.at, UTC)

    @property
    def submitted(self) -> dict[str, Any]:
        line = {"id": "1", "product": "home_security", "external_ids": {"crm": f"CRM-{self.order_id}"}}
        return {"id": self.order_id, "customer": self.customer, "priority": self.priority, "lines": [line]}

    @property
    def record(self) -> OrderRecord:
        states = [step.state for step in self.steps.values()]
        return OrderRecord(
            state=self.state,
            jeopardy=Jeopardy.ON_TRACK,
            revision=self.revision,
            customer=self.customer,
            priority=self.priority,
            requested_start=None,
            requested_completion=self.started_at + timedelta(days=14),
            characteristics={"access": "key at the neighbour's"},
            products=["home_security"],
            catalogue_version=VERSION,
            started_at=self.started_at,
            ended_at=self.ended_at,
            fallout=states.count(StepState.FATALLY_FAILED),
            open_tasks=sum(
                step.kind == "manual" and step.state is StepState.IN_PROGRESS for step in self.steps.values()
            ),
            step_count=len(states),
            settled_steps=sum(state in SETTLED for state in states),
        )

    def complete(self) -> OrderChange:
        """What an instance of the workflow says first."""
        return self._change(
            None,
            lines=self.lines,
            order_line_count=1,
            line_reasons=simulated_reasons(self.lines),
            steps=list(self.steps.values()),
            history=self.history,
            amendments=self.amendments,
            submitted=self.submitted,
            digest=f"sha256:{self.revision}",
        )

    def turn(self, *steps: StepRecord, note: str | None = None, **changes: Any) -> OrderChange:
        """A turn in which these steps changed, and what `changes` of OrderChange says."""
        previous, known = self.position, len(self.history)
        at = (self.now + TURN).timestamp()
        self.position = ChangePosition(previous.run_started_at, previous.event_id + EVENTS_PER_TURN, at)
        self.steps |= {step.number: step for step in steps}
        if note is not None:
            self._note(note)
        return self._change(previous, steps=list(steps), history=self.history[known:], **changes)

    def begin(self, number: int) -> OrderChange:
        return self.turn(self._in_state(number, StepState.IN_PROGRESS, started_at=self.now, attempts=1))

    def succeed(self, number: int) -> OrderChange:
        output = {"reservation_id": f"R-{number}", "warehouse": "north"}
        return self.turn(self._in_state(number, StepState.COMPLETED, ended_at=self.now, output=output, error=None))

    def fail(self, number: int, code: str = "out_of_stock") -> OrderChange:
        error = ErrorView(code=code, message=f"{code}: nothing left in the north", at=self.now)
        return self.turn(self._in_state(number, StepState.FATALLY_FAILED, error=error), note="step failed")

    def amend(self, **customer: Any) -> OrderChange:
        """People order a line more, for a customer who is now somewhat different."""
        before = self.submitted
        self.revision, self.customer, self.priority = self.revision + 1, {**self.customer, **customer}, 1
        self.lines = [*self.lines, self.lines[-1].model_copy(update={"id": f"security_camera@{len(self.lines)}"})]
        step = simulated_step(len(self.steps) + 1)
        record = AmendmentRecord(self.revision, self.now, "ann", "the customer called", before, self.submitted)
        self.amendments.append(record)
        return self.turn(
            step,
            note="order amended",
            lines=self.lines,
            line_reasons=simulated_reasons(self.lines),
            order_line_count=1,
            amendments=[record],
            submitted=self.submitted,
            digest=f"sha256:{self.revision}",
        )

    def end(self, state: OrderState = OrderState.COMPLETED) -> OrderChange:
        assert state in ENDED_ORDER_STATES
        self.state, self.ended_at = state, self.now
        self.lines = [line.model_copy(update={"state": state}) for line in self.lines]
        return self.turn(note=f"order {state.value}", line_states={line.id: state for line in self.lines})

    def continue_as_new(self) -> None:
        """A new run goes on. Its first change is complete, and does not know the order as it was submitted."""
        self.run += 1
        at = (self.now + TURN).timestamp()
        self.position = ChangePosition(at, 3, at)

    def whole_life(self) -> Iterable[OrderChange]:
        """Every change of an order all of whose steps succeed, one after the other."""
        yield self.complete()
        for number in self.steps:
            yield self.begin(number)
            yield self.succeed(number)
        yield self.end()

    def _in_state(self, number: int, state: StepState, **changes: Any) -> StepRecord:
        return replace(self.steps[number], state=state, **changes)

    def _note(self, what: str) -> None:
        self.history.append(HistoryRecord(len(self.history) + 1, self.now, what))

    def _change(self, previous: ChangePosition | None, **rows: Any) -> OrderChange:
        base = OrderChange(
            self.order_id, self.submission, f"{self.submission}/{self.run}", self.position, previous, self.record
        )
        copied: dict[str, Any] = {name: list(each) if isinstance(each, list) else each for name, each in rows.items()}
        return replace(base, **copied)

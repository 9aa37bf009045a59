"""Runs plans of generated orders in a world in which everything answers well: each must end completed."""

from __future__ import annotations

from typing import Any

from activity_contract.calls import DEFINITION_ERROR
from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.definitions import DefinitionEntry
from compiler.compile_order import compile_with_warnings
from compiler.generation.orders import Order
from compiler.generation.trouble import Trouble, TroubleCode, TroubleReader, place_in
from compiler.language.attributes import Attribute
from compiler.language.documents import ScenarioDocument
from compiler.plan.plan import Plan, PlannedLine
from compiler.source.document import Document
from scenarios.base.judgement import NOT_ANSWERED
from scenarios.deep.good_world import Entry, GoodWorld, good_world
from scenarios.fast.fast_run import run_fast
from scenarios.record import Record
from workflows.contract.order_views import StepView
from workflows.contract.states import CANCELLED_STATES, OrderState, StepState

SCENARIO_FILE = "scenario.yaml"
MAX_SHAPED_LINES = 3
"""Lines of one step that are looked at."""
_DONE = frozenset({StepState.COMPLETED, StepState.SKIPPED, StepState.AMENDED})
_SETTLED = _DONE | CANCELLED_STATES
_WELL = frozenset({OrderState.COMPLETED})


class TrialRuns:
    def __init__(self, catalogue: Catalogue, reader: TroubleReader) -> None:
        self.catalogue = catalogue
        self.reader = reader
        self.count = 0
        self.not_judged: dict[str, str] = {}
        """Step → why it keeps plans from being judged."""
        self._known: set[object] = set()

    def is_new(self, plan: Plan) -> bool:
        """Whether no plan so far has had the same steps, for lines that conditions could not tell apart."""
        lines = [self._line_shape(line) for line in (*plan.order_lines, *plan.fulfilment_lines)]
        shape = frozenset(
            (
                plan.step_definition(step).workstream,
                plan.step_definition(step).step,
                frozenset(lines[at] for at in plan.step_line_indexes(step)[:MAX_SHAPED_LINES]),
            )
            for step in plan.steps
        )
        if shape in self._known:
            return False
        self._known.add(shape)
        return True

    def _line_shape(self, line: PlannedLine) -> object:
        """Equal for lines that differ only in free texts, times, and how large a number or a list is."""
        declared = self.catalogue.products[line.product].attributes
        values = frozenset((name, _shape(value, declared.get(name))) for name, value in line.attributes.items())
        return line.product, line.action, values, line.previous is None

    def scenario(self, order: Order) -> dict[str, Any] | None:
        """A scenario in which everything answers well; None if the order is rejected."""
        plan = self._plan(order)
        return None if plan is None else scenario_of(order, good_world(plan, self.catalogue).entries)

    def trouble(self, order: Order, plan: Plan) -> Trouble | None:
        """Why the plan does not end well."""
        world = good_world(plan, self.catalogue)
        if world.impossible:
            self.not_judged.update(world.impossible)
            return None
        return self.judge(self.run(scenario_of(order, world.entries)), world)

    def run(self, scenario: dict[str, Any]) -> Record:
        self.count += 1
        model = ScenarioDocument.model_validate(scenario)
        entry = DefinitionEntry(model, Document(SCENARIO_FILE, scenario))
        return run_fast(entry, self.catalogue)

    def judge(self, record: Record, world: GoodWorld, code: TroubleCode = TroubleCode.PLAN_STUCK) -> Trouble | None:
        """`code`: that of what does not end well, except for expressions without a value."""
        if record.final is None or record.final.order.state in _WELL:
            return None
        if unanswered := [step for step in record.final.steps if _is_unanswered(step)]:
            self.not_judged[unanswered[0].id.partition("@")[0]] = "nothing says what its system answers"
            return None
        step = _culprit(record.final.steps)
        if step is None:
            state = record.final.order.state.value
            text = f"the order is {state} although everything answers well"
            first = record.final.steps[0].workstream
            return Trouble(code, (code.value, first, state), self.catalogue.workstreams[first].location, first, text)
        reference = step.id.partition("@")[0]
        workstream, _, name = reference.partition(".")
        found = self.catalogue.workstreams[workstream].steps.get(name)
        place = found.location if found else self.catalogue.workstreams[workstream].location
        if step.error is None:
            waits = f"waits for ever for {step.waits_for}" if step.waits_for else f"stays {step.state.value}"
            cause = (code.value, reference, "", self.reader.mask(waits))
            return Trouble(code, cause, place, reference, f"`{step.id}` {waits}")
        text = step.error.message
        if step.error.code == DEFINITION_ERROR:
            if world.made_up and any(name in text for name in ("output", "response", "payload")):
                self.not_judged[reference] = "it reads what a system answers, and no `example` says what that is"
                return None
            if code is TroubleCode.PLAN_STUCK:
                code = TroubleCode.STEP_WITHOUT_VALUE
            place = place_in(text) or place
        cause = (code.value, reference, step.error.code, self.reader.mask(text))
        message = f"`{step.id}` fails with {step.error.code}: {text}"
        return Trouble(code, cause, place, reference, message, _refusal(record, step))

    def _plan(self, order: Order) -> Plan | None:
        return compile_with_warnings(order, self.catalogue).plan


def _is_unanswered(step: StepView) -> bool:
    errors = (step.error, step.undo.error if step.undo else None)
    return any(error is not None and error.code == NOT_ANSWERED for error in errors)


def _refusal(record: Record, step: StepView) -> str:
    """Why the author wants the step to fail: an example refuses its call. A made-up answer never does."""
    calls = [call for call in record.calls if call.step == step.id]
    return f"an `example` of `{calls[-1].system}` refuses it" if calls and calls[-1].outcome.startswith("4") else ""


def _shape(value: Any, declared: Attribute | None) -> object:
    if isinstance(value, bool) or (declared is not None and declared.enum is not None):
        return repr(value)
    if isinstance(value, int | float):
        return value > 0
    return min(len(value), 2) if isinstance(value, list) else None


def _culprit(steps: list[StepView]) -> StepView | None:
    """The first step that failed, even if it was rolled back since; else the first that does not go on."""
    failed = [step for step in steps if step.error is not None and step.state not in _DONE]
    waiting = [step for step in steps if step.state not in _SETTLED and step.state is not StepState.PENDING]
    return next(iter([*failed, *waiting, *(step for step in steps if step.state not in _SETTLED)]), None)


def scenario_of(order: Order, world: list[Entry]) -> dict[str, Any]:
    """A scenario as data, which expects that the order is completed."""
    return {
        "kind": "scenario",
        "id": "deep",
        "order": order,
        "world": world,
        "expect": {"order": "completed"},
    }

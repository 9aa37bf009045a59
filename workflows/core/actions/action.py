"""What an action is to the core: its specification, bound to the functions that check it and apply it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.contract.actions import ActionSpec
from workflows.contract.order_messages import ActionResult, Alternative, OrderAction, RefusalCode, StepAction
from workflows.contract.states import CANCELLED_STATES, SETTLED, StepState
from workflows.core.actions.holder import check_holder, holder_possessive, take_over
from workflows.core.failures.relied_on_failed import is_parked
from workflows.core.state.order_run import OrderRun
from workflows.core.state.rollup import current_order_state
from workflows.core.state.step_run import Phase, StepRun
from workflows.core.steps.outcome import as_json_data
from workflows.core.steps.refusal import (
    RequestRefused,
    alternative,
    explain,
    find_step,
    new_revision,
    step_reference,
    step_refused,
)


@dataclass(frozen=True, slots=True)
class OrderActionHandler:
    """An action on an order as a whole, or on a part of it."""

    spec: ActionSpec
    check_request: Callable[[OrderRun, Any], ActionResult | None]
    """Changes nothing. Returns the result if there is nothing to do. Raises RequestRefused."""
    apply: Callable[[OrderRun, Any], ActionResult]

    def check(self, run: OrderRun, request: Any) -> ActionResult | None:
        """As `check_request`; also refuses a request whose actor saw another state."""
        if isinstance(request, OrderAction):
            _refuse_if_stale(run, request)
            if "take_over" in self.spec.parameters and request.step is not None and not request.assess:
                check_holder(run, required_step(run, request), self.spec, request)
        return self.check_request(run, request)

    def perform(self, run: OrderRun, request: Any) -> ActionResult:
        """Applies a request that passed the check."""
        if isinstance(request, OrderAction) and request.take_over and request.step is not None and not request.assess:
            take_over(run, required_step(run, request), request)
        return self.apply(run, request)


def _never_done(step: StepRun, action: StepAction) -> bool:  # noqa: ARG001
    return False


def _no_failure(run: OrderRun, step: StepRun) -> None:  # noqa: ARG001
    return None


def _state_text(step: StepRun) -> str:
    return step.state.value


def entered_data(data: Mapping[str, Any] | None) -> Any:
    """What a person entered, as the order's log keeps it. None if that is nothing."""
    return as_json_data(data) if data else None


@dataclass(frozen=True, slots=True)
class StepActionHandler:
    """An action on one step."""

    spec: ActionSpec
    check_step: Callable[[OrderRun, StepRun, StepAction], None]
    """Changes nothing. Raises RequestRefused."""
    apply_to_step: Callable[[OrderRun, StepRun, StepAction], None]
    is_done: Callable[[StepRun, StepAction], bool] = _never_done
    """Whether the same action has been done before."""
    past_text: Callable[[StepAction], str] | None = None
    """For the history, if it says more than the specification's past tense."""
    status_text: Callable[[StepRun], str] = _state_text
    """What the step is once the action is done: `completed`, `ann's`."""
    entered: Callable[[Mapping[str, Any] | None], Any] = entered_data
    """What of the request's `data` a person has entered."""
    failure_text: Callable[[OrderRun, StepRun], str | None] = _no_failure
    """What became of the step instead, if it has failed by the action: `failed with absent, redone from …`."""

    def check(self, run: OrderRun, request: StepAction) -> ActionResult | None:
        """Returns the result if the action has been done before. Raises RequestRefused."""
        step = find_step(run, request.step)
        if self.is_done(step, request):
            return _result(run, step, f"is already {self.status_text(step)}", already=True)
        if request.expected is not None and request.expected not in _visible_states(step):
            changed = f"is now {step.state}, no longer {request.expected}"
            raise step_refused(run, step, RefusalCode.STALE, "step_changed", changed, *possible_actions(run, step))
        _refuse_if_holder_changed(run, step, request)
        if "take_over" in self.spec.parameters:
            check_holder(run, step, self.spec, request)
        self.check_step(run, step, request)
        return None

    def apply(self, run: OrderRun, step: StepRun, request: StepAction) -> None:
        """Applies a request that passed the check. Its consequences show once the engine has advanced."""
        if request.take_over:
            take_over(run, step, request)
        run.audit_log.record(
            run.now,
            self._past_text(request),
            run.step_id(step),
            request.actor.signature,
            request.actor.reason,
            data=self.entered(request.data),
        )
        self.apply_to_step(run, step, request)

    def result(self, run: OrderRun, step: StepRun, request: StepAction) -> ActionResult:
        if self.status_text is not _state_text:
            return _result(run, step, f"is now {self.status_text(step)}")
        if (failed := self.failure_text(run, step)) is not None:
            return _result(run, step, failed)
        failure = step.undo.failure if step.undo is not None and step.undoing else step.failure
        fallout = f", and is in fallout: {failure.message}" if step.in_fallout and failure else ""
        return _result(run, step, f"was {self._past_text(request)}{fallout}")

    def _past_text(self, request: StepAction) -> str:
        return self.past_text(request) if self.past_text is not None else self.spec.past_tense


ActionHandler = OrderActionHandler | StepActionHandler


def _result(run: OrderRun, step: StepRun, predicate: str, *, already: bool = False) -> ActionResult:
    message = f"{step_reference(run, step)} {predicate}"
    return ActionResult(step=run.step_id(step), state=step.state, message=message, already=already)


def required_step(run: OrderRun, action: OrderAction) -> StepRun:
    """Raises RequestRefused."""
    if action.step is None:
        raise RequestRefused(RefusalCode.INVALID, "Name the step", "step_missing")
    return find_step(run, action.step)


def _refuse_if_stale(run: OrderRun, action: OrderAction) -> None:
    if action.expected is None:
        return
    step = None if action.step is None else required_step(run, action)
    state = current_order_state(run).value if step is None else step.state.value
    if action.expected != state:
        subject = f"Order {run.plan.order.id}" if step is None else step_reference(run, step)
        raise RequestRefused(
            RefusalCode.STALE,
            f"{subject} is now {state}, no longer {action.expected}; look at it again first",
            "order_changed" if step is None else "step_changed",
            state=state,
        )


def _refuse_if_holder_changed(run: OrderRun, step: StepRun, action: StepAction) -> None:
    """Raises RequestRefused if the step is no longer held by whom the actor saw."""
    if action.expected_holder is None or action.expected_holder == (step.holder or ""):
        return
    hint = f"talk to {step.holder}, or look again" if step.holder else "look again"
    changed = f"is now {holder_possessive(step)}; {hint}"
    raise step_refused(run, step, RefusalCode.STALE, "holder_changed", changed, holder=step.holder)


def _visible_states(step: StepRun) -> tuple[StepState, ...]:
    """The states that an actor may have seen: the step's own, or its undo's."""
    return (step.state, step.undo.state) if step.undo is not None and step.undo.is_open else (step.state,)


def possible_actions(run: OrderRun, step: StepRun) -> list[Alternative]:
    """What can be done with the step in its present state."""
    if is_parked(step):
        effect = "continues although a line that its line relies on failed"
        return [alternative(run, "proceed", effect, step=step), alternative(run, "skip", step=step)]
    if step.in_fallout:
        return [alternative(run, name, step=step) for name in ("retry", "complete", "skip")]
    if step.active_phase in (Phase.MANUAL, Phase.UNDO_MANUAL):
        return [alternative(run, "complete", step=step)]
    if step.phase is Phase.EVENT:
        return [alternative(run, "event", step=step, name=step.event_names[0])]
    if step.phase is Phase.OTHER_ORDERS:
        return [alternative(run, "proceed", "continues without the other order", step=step)]
    if step.phase is Phase.CONDITION:
        return [alternative(run, "set", "sets what its condition reads", required=["characteristics"])]
    if step.state in CANCELLED_STATES and not step.undoing:
        return [
            alternative(run, "amend", "adds a line that asks for it", required=["order"]),
            new_revision(run),
        ]
    if step.state in SETTLED and not step.undoing:
        return [alternative(run, "redo", "undoes it and does it again", step=step)]
    return [explain(run, step)]


def require_fallout(run: OrderRun, step: StepRun, participle: str) -> None:
    """Raises RequestRefused."""
    if not step.in_fallout:
        state = "being undone" if step.undoing else step.state
        predicate = f"is {state}, and only a step in fallout can be {participle}"
        raise step_refused(run, step, RefusalCode.NOT_NOW, "not_in_fallout", predicate, *possible_actions(run, step))

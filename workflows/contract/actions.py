"""Every operator action, declared once.

The workflow's updates, the operations, the gateway's routes, the commands and the bulk runs are derived from these
records or checked against them. The core binds each record to what it does (workflows/core/actions/registry.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workflows.contract.order_messages import (
    AmendOrder,
    Message,
    NoteAction,
    OrderAction,
    RecoverOrder,
    SetCharacteristics,
    StepAction,
)


class ActionTarget(StrEnum):
    ORDER = "order"
    LINE = "line"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """What clients may know about an action."""

    name: str
    """Of the workflow's update and of the command; usually also the last part of the gateway's path."""
    summary: str
    past_tense: str
    """For the order's history: `retried`."""
    request: type[Message] = StepAction
    targets: frozenset[ActionTarget] = frozenset({ActionTarget.STEP})
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Fields of `request` that this action reads, besides its target, its actor and what the actor saw: name →
    description."""
    bulk: bool = False
    """Whether it can be run on everything that fits a filter: on orders where an order may be its target, else on
    steps."""
    bulk_on_tasks: bool = False
    """Whether a bulk run may also take open tasks, and not only steps in fallout."""
    may_fail_again: bool = False
    """Whether a bulk run has to watch the step afterwards."""

    @property
    def is_step_action(self) -> bool:
        """Whether a step is its only possible target."""
        return self.targets == {ActionTarget.STEP}


_ORDER = frozenset({ActionTarget.ORDER})
_OVERRIDE = {"override": "Why points of no return do not count; kept with the order"}
_TAKE_OVER = {"take_over": "Act although somebody else holds the step; it becomes the actor's"}
_IMPACT = {**_OVERRIDE, "assess": "Only report what it would do"}

RETRY = ActionSpec(
    "retry",
    "Try a step in fallout again, once the cause is fixed",
    "retried",
    parameters={"data": "Changed input", **_TAKE_OVER},
    bulk=True,
    may_fail_again=True,
)
SKIP = ActionSpec(
    "skip",
    "Skip a step in fallout; the steps that wait for it continue",
    "skipped",
    parameters={"data": "The output that later steps need", **_TAKE_OVER},
    bulk=True,
)
COMPLETE = ActionSpec(
    "complete",
    "Complete a task, or a step in fallout, with data",
    "completed",
    parameters={"data": "What the task's form asks for, or the step's output", **_TAKE_OVER},
    bulk=True,
    bulk_on_tasks=True,
)
PROCEED = ActionSpec(
    "proceed",
    "Let a step continue without the step of another order, or the line, that it waits for",
    "allowed to continue all the same",
    parameters=_TAKE_OVER,
    bulk=True,
    may_fail_again=True,
)
CLAIM = ActionSpec(
    "claim",
    "Take a task, or a step in fallout, that nobody has",
    "claimed",
    parameters=_TAKE_OVER,
    bulk=True,
    bulk_on_tasks=True,
)
ASSIGN = ActionSpec(
    "assign",
    "Hand a task, or a step in fallout, to somebody, whoever has it now",
    "assigned",
    parameters={"data": '`{"to": name}`; an empty name returns it to its queue'},
    bulk=True,
    bulk_on_tasks=True,
)
RESCHEDULE = ActionSpec(
    "reschedule",
    "Move a step's start, the end of a wait, or the next attempt",
    "rescheduled",
    parameters={"data": '`{"to": time}`, and `"seen"`: the time that the actor saw', **_TAKE_OVER},
)
EXTEND = ActionSpec(
    "extend",
    "Give a step more time for what it waits for, or by its sla",
    "extended",
    parameters={
        "data": '`{"by": duration}` or `{"to": time}`; `"limit": "within"` or `"sla"` if the step has both; and '
        '`"seen"`: the time that the actor saw',
        **_TAKE_OVER,
    },
)
REDO = ActionSpec(
    "redo",
    "Undo the steps from this one on, and do them again",
    "redone",
    OrderAction,
    parameters={**_IMPACT, **_TAKE_OVER},
    bulk=True,
    may_fail_again=True,
)
CANCEL = ActionSpec(
    "cancel",
    "Cancel an order: what was done is undone, and nothing more is done",
    "cancelled",
    OrderAction,
    _ORDER,
    _IMPACT,
    bulk=True,
)
ROLLBACK = ActionSpec(
    "rollback",
    "Undo what was done for an order or a line, and give it up",
    "rolled back",
    OrderAction,
    frozenset({ActionTarget.ORDER, ActionTarget.LINE}),
    _IMPACT,
    bulk=True,
)
HOLD = ActionSpec(
    "hold",
    "Hold an order, a line or a step: nothing new starts; timers keep counting",
    "held",
    OrderAction,
    frozenset(ActionTarget),
    bulk=True,
)
RESUME = ActionSpec("resume", "Resume what was held", "resumed", OrderAction, frozenset(ActionTarget), bulk=True)
NOTE = ActionSpec(
    "note",
    "Leave a note in an order's history",
    "note",
    NoteAction,
    frozenset({ActionTarget.ORDER, ActionTarget.STEP}),
    {"text": "The note"},
)
SET = ActionSpec(
    "set",
    "Set characteristics that an order's conditions read",
    "set",
    SetCharacteristics,
    _ORDER,
    {"characteristics": "Name → value; the others stay as they are"},
)
AMEND = ActionSpec(
    "amend",
    "Change a running order: steps that it touches are redone, undone or added; the others stay",
    "amended",
    AmendOrder,
    _ORDER,
    {"order": "The whole new order", "dry_run": "Only report what it would do", **_OVERRIDE},
)
RECOVER = ActionSpec(
    "recover",
    "Let an order continue that was ended from outside, such as by a termination in Temporal's Web UI",
    "recovered",
    RecoverOrder,
    _ORDER,
    bulk=True,
)
"""No update: the order's run has ended (operations/actions/recover_order.py)."""

ACTIONS: Mapping[str, ActionSpec] = {
    spec.name: spec
    for spec in (
        *(RETRY, SKIP, COMPLETE, PROCEED, CLAIM, ASSIGN, RESCHEDULE, EXTEND),
        *(REDO, CANCEL, ROLLBACK, HOLD, RESUME, NOTE, SET, AMEND, RECOVER),
    )
}
BULK_ACTIONS = {name: spec for name, spec in ACTIONS.items() if spec.bulk}

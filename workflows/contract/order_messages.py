"""What clients and the FulfilOrder workflow say to each other: handler names, arguments, answers.

Every update is validated and answered synchronously. A refusal is an ApplicationError whose type is one of the
`Refusal` codes and whose message says why and what would be possible instead.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from activity_contract.compilation import ChangedValue
from workflows.contract.states import OrderState, StepState

TASK_QUEUE = "ordo"
"""Where workers listen and clients submit, unless told otherwise."""

ORDER_WORKFLOW_TYPE = "FulfilOrder"
MEMO_REVISION = "revision"
MEMO_DIGEST = "order_digest"
"""Of an order's memo: its revision, and what it was submitted with, or amended to last."""
MAILBOX_WORKFLOW_TYPE = "EventMailbox"
OUTBOX_WORKFLOW_TYPE = "OrderOutbox"

# Updates of FulfilOrder: name → argument → answer
UPDATE_DECISION = "decision"  # None → Decision; waits for the compiler's word
UPDATE_EVENT = "event"  # EventDelivery → DeliveryAnswer
UPDATE_CALLBACK = "callback"  # CallbackDelivery → DeliveryAnswer
UPDATE_RETRY = "retry"  # StepAct → ActAnswer
UPDATE_SKIP = "skip"  # StepAct → ActAnswer
UPDATE_COMPLETE = "complete"  # StepAct → ActAnswer
UPDATE_RESCHEDULE = "reschedule"  # StepAct → ActAnswer; data: workflows.core.actions.reschedule.NewTime
UPDATE_EXTEND = "extend"  # StepAct → ActAnswer; data: workflows.core.actions.reschedule.NewTime
UPDATE_SET = "set"  # SetCharacteristics → ActAnswer
UPDATE_AMEND = "amend"  # AmendOrder → AmendAnswer
UPDATE_CANCEL = "cancel"  # OrderAct → ActAnswer
UPDATE_ROLLBACK = "rollback"  # OrderAct (of the order, or of `line`) → ActAnswer
UPDATE_REDO = "redo"  # OrderAct (from `step` on) → ActAnswer
UPDATE_HOLD = "hold"  # OrderAct (the order, `line` or `step`) → ActAnswer
UPDATE_RESUME = "resume"  # OrderAct (what was held) → ActAnswer

UPDATE_CLAIM = "claim"  # StepAct → ActAnswer
UPDATE_ASSIGN = "assign"  # StepAct with data {"to": name}, empty: back to the queue → ActAnswer
UPDATE_PROCEED = "proceed"  # StepAct → ActAnswer
UPDATE_NOTE = "note"  # NoteAct → ActAnswer

# Signals: for senders that cannot wait (the mailbox; the gateway where no worker answers)
SIGNAL_EVENT = "deliver_event"  # EventDelivery
SIGNAL_CALLBACK = "deliver_callback"  # CallbackDelivery; from the gateway, for a time when no worker answers

# Queries of FulfilOrder
QUERY_OVERVIEW = "overview"  # OverviewRequest (or nothing) → OrderView, without steps
QUERY_STEPS = "steps"  # StepsPageRequest → StepsPage
QUERY_PLAN = "plan"  # None → bytes, compiler.plan.codec.pack(plan)


def order_workflow_id(order_id: str) -> str:
    return f"order/{order_id}"


def mailbox_workflow_id(order_id: str | None = None, key: str | None = None, name: str | None = None) -> str:
    """The mailbox of an order that is not there yet, or of an event name and key (None: no key).

    Percent-encoded, so that no name or key, whatever it contains, can reach another one's mailbox.
    """
    if order_id:
        return f"mailbox/order/{quote(order_id, safe='')}"
    return f"mailbox/key/{quote(name or '', safe='')}/{quote(key or '', safe='')}"


def outbox_workflow_id(order_id: str) -> str:
    """What is told of an order goes out through this workflow, which may outlive the order's run."""
    return f"outbox/{order_id}"


class SearchAttributes:
    """Ids only, no personal data: search attributes are not encrypted."""

    ORDER_STATE = "OrderState"  # Keyword
    CUSTOMER_ID = "CustomerId"  # Keyword
    PRODUCTS = "Products"  # KeywordList, commercial product ids
    FALLOUT_COUNT = "FalloutCount"  # Int; of an outbox, the events that could not be delivered
    OPEN_TASKS = "OpenTasks"  # Int, manual steps that wait for a person
    JEOPARDY = "Jeopardy"  # Keyword
    CATALOGUE_VERSION = "CatalogueVersion"  # Keyword
    REQUESTED_COMPLETION = "RequestedCompletion"  # Datetime


class RefusalCode(StrEnum):
    NOT_FOUND = "not_found"
    NOT_NOW = "not_now"  # the state does not allow it
    STALE = "stale"  # the caller acted on what is no longer so
    INVALID = "invalid"  # the data does not fit the form
    AMBIGUOUS = "ambiguous"  # an event that fits several steps


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class FulfilOrderInput(Message):
    order: dict[str, Any]
    """As submitted. Checked inside, so that no input can leave the run stuck."""
    revision: int = 1


class SubmissionDecision(Message):
    """The answer to a submission."""

    order_id: str
    state: OrderState
    accepted: bool
    findings: list[dict[str, Any]] = []
    order_lines: int = 0
    lines: int = 0
    steps: int = 0
    catalogue_version: str | None = None


class Actor(Message):
    by: str
    reason: str = ""


class StepAction(Message):
    """A person's act on one step. `expected` is the state that they saw; None: not said."""

    step: str
    """The step's id, or its number as `show` prints it."""
    actor: Actor
    data: dict[str, Any] | None = None
    expected: StepState | None = None
    expected_holder: str | None = None
    """Who had it when they looked; empty: nobody; None: not said."""


class NoteAction(Message):
    """A note in the order's history, about one step or the whole order."""

    text: str
    actor: Actor
    step: str | None = None


class OrderAction(Message):
    """A person's act on an order, or on a part of it."""

    actor: Actor
    line: str | None = None
    """An order line's or fulfilment line's id; with all that stands under it."""
    step: str | None = None
    """The step's id, or its number as `show` prints it."""
    expected: str | None = None
    """The state of the step, or else of the order, that they saw; None: not said."""
    override: str | None = None
    """Why a point of no return is not to count; None: it counts."""
    assess: bool = False
    """Only say what it would do."""


class AmendOrder(Message):
    """The whole new order, not a difference."""

    order: dict[str, Any]
    """As submitted. Checked inside."""
    actor: Actor
    dry_run: bool = False
    """Only say what it would do."""
    override: str | None = None
    """Why a point of no return is not to count; None: it counts."""
    expected_revision: int | None = None
    """The revision that they saw; None: not said."""
    digest: str | None = None
    """Of the order as submitted, for the memo: by it the same order is known again."""


class AmendedStep(Message):
    id: str
    number: int
    """Of a new step, the one that it will have."""
    summary: str
    fate: str
    """core.amendment.impact.Fate: kept, new_input, redone, patched, undone, discarded, stopped, added, and the three
    ends_then_…, of a step whose attempt is under way."""
    values: list[ChangedValue] = []
    """Of its input; not of all steps where these are very many."""


class AmendResult(Message):
    order_id: str
    revision: int
    """That the order has now, which a dry run leaves alone."""
    message: str
    accepted: bool = True
    """False: the new order is rejected (`findings`), or a dry run met what speaks against it (`refused`)."""
    dry_run: bool = False
    already: bool = False
    """The order runs as the new one asks."""
    findings: list[dict[str, Any]] = []
    refused: list[str] = []
    kept: int = 0
    """So many steps stay as they are."""
    counts: dict[str, int] = {}
    """Fate → steps."""
    steps: list[AmendedStep] = []
    """At most MOST_LISTED; `counts` tells how many there are."""
    may_redo: list[str] = []
    """Ids of steps that stay, unless what they read turns out differently; at most MOST_LISTED."""
    lines_added: list[str] = []
    lines_removed: list[str] = []
    line_values: dict[str, list[ChangedValue]] = {}
    """Of order lines."""
    order_values: list[ChangedValue] = []
    catalogue_version: str | None = None
    """With which the lines that it adds or changes are compiled."""


class RollbackImpactView(Message):
    """What taking back does, or would do. Ids of steps."""

    undone: list[str] = []
    """Have begun. Those that have an undo get it."""
    discarded: list[str] = []
    """Have not begun, and will not."""
    kept: list[str] = []
    """Past a point of no return, or needed by what is."""
    past_no_return: list[str] = []
    refused: bool = False


class SetCharacteristics(Message):
    characteristics: dict[str, Any]
    actor: Actor


class ActionResult(Message):
    step: str | None = None
    state: StepState | None = None
    message: str
    already: bool = False
    """True where the same act had been done before."""
    assessment: RollbackImpactView | None = None
    """Of what takes something back."""


class EventDelivery(Message):
    event_id: str
    """Duplicates (the same id) count once."""
    name: str
    key: str | None = None
    payload: Any = None
    step: str | None = None
    """Names the step where it would fit several."""
    at: datetime | None = None


class CallbackDelivery(Message):
    step: str
    key: str
    """The idempotency key that the call was made with."""
    payload: Any = None
    event_id: str
    """Duplicates count once; systems that give none get a digest of the body."""


class OrderDeliveryResult(Message):
    status: Literal["completed", "kept", "duplicate", "late"]
    """completed a step; kept for a step whose turn has not come; had come before; its step is done without it."""
    step: str | None = None

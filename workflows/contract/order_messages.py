"""Messages between clients and the FulfilOrder workflow: handler names, arguments, results.

Every update is validated and answered synchronously. A refusal is an ApplicationError: its type is a RefusalCode, its
message says why, and its only detail has the shape of RefusalDetails. The message names no command and no option;
command line and gateway present `alternatives` in their own way.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from activity_contract.compilation import ChangedValue
from workflows.contract.states import OrderState, StepState

TASK_QUEUE = "ordo"
"""Where workers listen and clients submit by default."""

ORDER_WORKFLOW_TYPE = "FulfilOrder"
MEMO_REVISION = "revision"
MEMO_DIGEST = "order_digest"
"""Keys of an order's memo: its revision, and the digest of the order as last submitted or amended."""
MAILBOX_WORKFLOW_TYPE = "EventMailbox"
OUTBOX_WORKFLOW_TYPE = "OrderOutbox"

# Updates of FulfilOrder: name, argument, result. Each operator action is one more (workflows/contract/actions.py).
UPDATE_DECISION = "decision"  # None → SubmissionDecision, once the order is compiled
UPDATE_EVENT = "event"  # EventDelivery → OrderDeliveryResult
UPDATE_CALLBACK = "callback"  # CallbackDelivery → OrderDeliveryResult

# Signals, for senders that cannot wait: the mailbox, and the gateway while no worker answers
SIGNAL_EVENT = "deliver_event"  # EventDelivery
SIGNAL_CALLBACK = "deliver_callback"  # CallbackDelivery

# Queries of FulfilOrder
QUERY_OVERVIEW = "overview"  # OverviewRequest (or nothing) → OrderView, without steps
QUERY_STEPS = "steps"  # StepsPageRequest → StepsPage
QUERY_RECEIVED = "received"  # ReceivedRequest → bool, also once the order has ended
QUERY_PLAN = "plan"  # None → bytes, compiler.plan.codec.pack(plan)
QUERY_LEDGER_RECORD = "ledger_record"  # LedgerRecordRequest → LedgerRecordPage, also once the order has ended


def order_workflow_id(order_id: str) -> str:
    return f"order/{order_id}"


def mailbox_workflow_id(order_id: str | None = None, key: str | None = None, name: str | None = None) -> str:
    """The mailbox of an order that does not exist yet, or of an event name and key (None: no key).

    Percent-encoded, so that no name or key can address the mailbox of another one.
    """
    if order_id:
        return f"mailbox/order/{quote(order_id, safe='')}"
    return f"mailbox/key/{quote(name or '', safe='')}/{quote(key or '', safe='')}"


def outbox_workflow_id(order_id: str) -> str:
    """The workflow that delivers the order's events; it may outlive the order's run."""
    return f"outbox/{order_id}"


class SearchAttributes:
    """Ids only, no personal data: search attributes are not encrypted."""

    ORDER_STATE = "OrderState"  # Keyword
    CUSTOMER_ID = "CustomerId"  # Keyword
    PRODUCTS = "Products"  # KeywordList, commercial product ids
    FALLOUT_COUNT = "FalloutCount"  # Int; on an outbox, the events that could not be delivered
    OPEN_TASKS = "OpenTasks"  # Int, manual steps that wait for a person
    JEOPARDY = "Jeopardy"  # Keyword
    CATALOGUE_VERSION = "CatalogueVersion"  # Keyword
    REQUESTED_COMPLETION = "RequestedCompletion"  # Datetime
    QUEUES = "Queues"  # KeywordList, where steps wait for a person; absent from orders that an older version runs


NO_QUEUE = "-"
"""In `Queues`: a step waits for a person, but in no queue."""
ANY_QUEUE = "*"
"""In `Queues`: the queues are too many to name."""


class RefusalCode(StrEnum):
    NOT_FOUND = "not_found"
    NOT_NOW = "not_now"  # the state does not allow it
    STALE = "stale"  # the caller saw a state that has changed since
    INVALID = "invalid"  # the data does not fit the form
    AMBIGUOUS = "ambiguous"  # it fits several steps, or several limits of a step


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


Warnings = Annotated[list[dict[str, Any]], Field(exclude_if=lambda warnings: not warnings)]
"""What may not be meant in an accepted order: dumps of compiler.source.findings.Finding. Not serialised if empty."""


Flag = Annotated[bool, Field(exclude_if=lambda is_set: not is_set)]
"""Only serialised if it is set, so that a worker of an earlier release can read the request."""


class FulfilOrderInput(Message):
    order: dict[str, Any]
    """As submitted. The workflow validates it, so that no input can leave the run stuck."""
    revision: int = 1
    key_token: str | None = None
    """Part of every idempotency key of the order, made once for the submission. None: from a client of an earlier
    release."""


class SubmissionDecision(Message):
    """The answer to a submission."""

    order_id: str
    state: OrderState
    accepted: bool
    findings: list[dict[str, Any]] = []
    warnings: Warnings = []
    order_lines: int = 0
    lines: int = 0
    steps: int = 0
    catalogue_version: str | None = None


class Actor(Message):
    by: str
    reason: str = ""
    on_behalf_of: Annotated[str | None, Field(exclude_if=lambda name: name is None)] = None
    """For whom the account `by` acts, as it says itself. Only serialised if it is set, so that a worker of an earlier
    release can read the request."""

    @property
    def signature(self) -> str:
        """For what people read: `ann`, `portal for ann`."""
        return f"{self.by} for {self.on_behalf_of}" if self.on_behalf_of else self.by

    @property
    def holder(self) -> str:
        """Who holds the work that the actor claims: people who share an account keep each other's work apart."""
        return self.on_behalf_of or self.by


class StepAction(Message):
    """An action on one step."""

    step: str
    """The step's id, or its number as `show` prints it."""
    actor: Actor
    data: dict[str, Any] | None = None
    """Its meaning depends on the action (workflows/contract/actions.py)."""
    expected: StepState | None = None
    """The state that the actor saw. None skips the check."""
    expected_holder: str | None = None
    """Who held the step when the actor saw it; empty means nobody. None skips the check."""
    take_over: Flag = False
    """Act although somebody else holds the step; the actor holds it from then on."""


class NoteAction(Message):
    """A note in the order's history, about one step or the whole order."""

    text: str
    actor: Actor
    step: str | None = None


class OrderAction(Message):
    """An action on an order or on a part of it."""

    actor: Actor
    line: str | None = None
    """The id of an order line or fulfilment line; the lines below it are included."""
    step: str | None = None
    """The step's id, or its number as `show` prints it."""
    expected: str | None = None
    """The state of the step, or else of the order, that the actor saw. None skips the check."""
    override: str | None = None
    """Why points of no return do not count. None: they count."""
    assess: bool = False
    """Only report what it would do."""
    take_over: Flag = False
    """Act although somebody else holds `step`; the actor holds it from then on."""


SAME_VERSION = "same"
"""In AmendOrder: the catalogue version that the order was compiled with, or last amended with."""


class AmendOrder(Message):
    """The whole new order, not a difference."""

    order: dict[str, Any]
    """As submitted. The workflow validates it."""
    actor: Actor
    dry_run: bool = False
    """Only report what it would do."""
    override: str | None = None
    """Why points of no return do not count. None: they count."""
    expected_revision: int | None = None
    """The revision that the actor saw. None skips the check."""
    digest: str | None = None
    """Of the order as submitted. It is kept in the memo, to recognise the same order."""
    catalogue_version: Annotated[str | None, Field(exclude_if=lambda version: version is None)] = None
    """The version to compile with: `sha256:…`, or SAME_VERSION. None: the one in force when the amendment arrives."""


class CorrectionView(Message):
    """Input of a step that a person has corrected."""

    name: str
    value: Any
    instead_of: Any = None
    ends: bool = False
    """The amendment changes the value that it replaces."""


Corrections = Annotated[list[CorrectionView], Field(exclude_if=lambda corrections: not corrections)]
"""An empty list is not serialised, so that a client of an earlier release can still read the message."""


class AmendedStep(Message):
    id: str
    number: int
    """A new step has the number that it will get."""
    summary: str
    fate: str
    """A workflows.core.amendment.impact.StepFate: kept, new_input, redone, patched, undone, discarded, stopped, added,
    ends_then_redone, ends_then_patched or ends_then_undone."""
    values: list[ChangedValue] = []
    """Changed values of its input. Left out for some steps if very many change."""
    corrections: Corrections = []
    """Corrected input, which stays unless it `ends`."""


class Alternative(Message):
    """Something that the caller can do instead."""

    action: str
    """The name of an ActionSpec, or one of `event`, `submit`, `show`, `history`, `why`, `list`, `systems`, `switch_on`,
    `notifications`, `start_worker`, `start_server`, `connect`."""
    parameters: dict[str, Any] = {}
    """Such as `order_id`, `step` (its number) and `line`."""
    required: list[str] = []
    """Parameters that the caller has to add."""
    effect: str = ""
    """What it does: `undoes them anyway`."""


class RefusalDetails(Message):
    """For programs: why a request was refused, and what is possible instead."""

    reason: str
    """Stable, and finer than the RefusalCode: `past_point_of_no_return`."""
    data: dict[str, Any] = {}
    alternatives: list[Alternative] = []


Alternatives = Annotated[list[Alternative], Field(exclude_if=lambda alternatives: not alternatives)]
"""An empty list is not serialised, so that a client of an earlier release can still read the result."""


class UsedStep(Message):
    """Ids of steps."""

    step: str
    user: str
    """It has used what the step did."""


class AmendedWaits(Message):
    """A step that has not begun and waits for other steps than before. Ids of steps that are in both plans."""

    id: str
    number: int
    no_longer: list[str] = []
    now: list[str] = []


ChangedWaitsList = Annotated[list[AmendedWaits], Field(exclude_if=lambda waits: not waits)]
"""An empty list is not serialised, so that a client of an earlier release can still read the result."""


class AmendResult(Message):
    order_id: str
    revision: int
    """The order's revision now. A dry run does not change it."""
    message: str
    accepted: bool = True
    """False: the new order is rejected (`findings`), or a dry run found objections (`refused`)."""
    dry_run: bool = False
    already: bool = False
    """The order already runs as the new one asks."""
    findings: list[dict[str, Any]] = []
    warnings: Warnings = []
    refused: list[str] = []
    alternatives: Alternatives = []
    """What is possible instead of a refused dry run."""
    kept: int = 0
    """Number of steps that stay as they are."""
    counts: dict[str, int] = {}
    """Fate → number of steps."""
    steps: list[AmendedStep] = []
    """At most MAX_LISTED_STEPS; `counts` has the total."""
    may_redo: list[str] = []
    """Ids of steps that stay unless an output that they read changes; at most MAX_LISTED_STEPS."""
    used_by_kept: Annotated[list[UsedStep], Field(exclude_if=lambda used: not used)] = []
    """Steps that are undone although a step has used what they did that is not undone; at most MAX_LISTED_STEPS."""
    waits: ChangedWaitsList = []
    """Also where nothing that the order asks for changes them: today's rules and catalogue do."""
    lines_added: list[str] = []
    lines_removed: list[str] = []
    line_values: dict[str, list[ChangedValue]] = {}
    """Order line → changed values."""
    order_values: list[ChangedValue] = []
    catalogue_version: str | None = None
    """The version with which added and changed lines are compiled."""


LineIds = Annotated[list[str], Field(exclude_if=lambda line_ids: not line_ids)]
"""An empty list is not serialised, so that a client of an earlier release can still read the result."""


class RollbackImpactView(Message):
    """What a roll-back does, or would do. Ids of steps."""

    undone: list[str] = []
    """They have begun. Those that define an undo get it."""
    discarded: list[str] = []
    """They have not begun, and will not."""
    kept: list[str] = []
    """Past a point of no return, or needed by a step that is."""
    past_no_return: list[str] = []
    lines_going_back: LineIds = []
    """Ids of lines that rely on what is rolled back, and are rolled back with it."""
    lines_parked: LineIds = []
    """Ids of lines that rely on what is rolled back, and wait for a person's decision."""
    refused: bool = False
    corrections: Annotated[dict[str, list[CorrectionView]], Field(exclude_if=lambda by_step: not by_step)] = {}
    """Of a redo: corrected input of the steps that are done again, by their ids. It stays."""


class RecoverOrder(Message):
    actor: Actor


class SetCharacteristics(Message):
    characteristics: dict[str, Any]
    actor: Actor


class ActionResult(Message):
    step: str | None = None
    state: StepState | None = None
    message: str
    already: bool = False
    """The same action had been done before."""
    assessment: RollbackImpactView | None = None
    """Only for actions that undo something."""
    alternatives: Alternatives = []
    """What is possible instead of an action whose assessment is `refused`."""


class EventDelivery(Message):
    event_id: str
    """Deliveries with the same id count once."""
    name: str
    key: str | None = None
    payload: Any = None
    step: str | None = None
    """Names the step if several would accept the event."""
    at: datetime | None = None


class CallbackDelivery(Message):
    step: str
    key: str
    """The idempotency key of the call."""
    payload: Any = None
    event_id: str
    """Deliveries with the same id count once. If the system sends no id, it is a digest of the body."""


class ReceivedRequest(Message):
    """Whether an event or a callback has been received before."""

    event_id: str
    callback_key: str | None = None
    """The idempotency key that a callback belongs to; None for an event."""


class OrderDeliveryResult(Message):
    status: Literal["completed", "kept", "duplicate", "late"]
    """It completed a step; it is kept for a step that has not started; it came before; or its step is already done."""
    step: str | None = None

"""What workflows and activities say to each other: names and data, no behaviour.

A failing activity raises `temporalio.exceptions.ApplicationError(message, FailureDetails, type=code)`; the workflow
reads `type` as the failure's code and the details as below.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from activities.bindings import Bindings
from compiler.steps import Format, Method, RetryPolicy

COMPILE_ORDER = "compile_order"
COMPILE_AMENDMENT = "compile_amendment"  # CompileAmendment → CompiledAmendment
CALL_SYSTEM = "call_system"
POLL_SYSTEM = "poll_system"

SUBSCRIBE_EVENTS = "subscribe_events"  # EventSubscription → None
UNSUBSCRIBE_EVENTS = "unsubscribe_events"  # EventSubscription → None
RETURN_EVENTS = "return_events"  # ReturnedEvents → None

HAND_OVER_EVENTS = "hand_over_events"  # HandOver → None; starts the order's outbox where it does not run
MATCH_EVENTS = "match_events"  # HandOver → MatchedEvents
DELIVER_EVENTS = "deliver_events"  # EventsForReceiver → DeliveryOutcome
OUTBOX_TELL = "tell"  # signal of an order's outbox (workflows/outbox.py), HandOver

WATCH_ORDER_STEP = "watch_order_step"  # StepWatch → StepStanding

# What orders say to each other, and are asked by WATCH_ORDER_STEP
ORDER_WATCH = "watch_step"  # signal to the order that has the step, StepWatch
ORDER_STANDING = "step_standing"  # signal to the order that waits, StepStanding; query with a StepWatch, answers one

# What the mailbox of an event name and key (workflows/mailbox.py) answers to
MAILBOX_DELIVER = "deliver"  # update and signal, MailboxDelivery → MailboxAnswer
MAILBOX_SUBSCRIBE = "subscribe"  # update and signal, MailboxSubscriber → None; may start the mailbox
MAILBOX_UNSUBSCRIBE = "unsubscribe"  # signal, MailboxSubscriber
MAILBOX_ORDER_STARTED = "order_started"  # signal without argument, to the mailbox of an order
MAILBOX_RETURN = "give_back"  # signal, ReturnedEvents; may start the mailbox

SET_QUEUE_RATE = "set_queue_rate"  # QueueRate → QueueRateSet
PROBE_SYSTEM = "probe_system"  # Probe → ProbeAnswer

# What the switch of a system (workflows/system_switch.py) answers to; each may start it
SWITCH_ANNOUNCE = "announce"  # signal, SystemAnnounced: a worker knows the system
SWITCH_RETIRE = "retire"  # signal without argument: the catalogue has the system no more
SWITCH_TRIP = "trip"  # signal, SystemTrip: a worker meets failure after failure

LONGEST_BACKOFF = 60.0
"""Seconds. A longer pause between attempts is a timer of the workflow (RETRY_LATER), not of the activity."""

RETRY_LATER = "retry_later"
"""Failure type, not retryable by Temporal: `FailureDetails.retry_after` seconds from now is the next attempt."""

NOT_YET = "not_yet"
"""Code of POLL_SYSTEM's failure while `until` does not hold."""

TIMEOUT = "timeout"
CONNECTION = "connection"
DEFINITION_ERROR = "definition_error"
"""An expression had no value; the message names file, line and column."""
CONFIGURATION_ERROR = "configuration_error"
"""The worker lacks something: a system it does not know, a secret that is not there."""
ANSWER_TOO_LARGE = "answer_too_large"
ANSWER_UNREADABLE = "answer_unreadable"

CALLBACK_URL = "\ue000callback.url\ue001"
CALLBACK_ID = "\ue000callback.id\ue001"
"""What `callback.url` and `callback.id` are in everything that Temporal sees. The activity puts the real ones into what
it sends, and these back into what it returns: a callback id must not be readable in a history."""


def notifications_task_queue(task_queue: str) -> str:
    """The queue on which deliveries to receivers wait, so that a slow receiver holds no order up."""
    return f"{task_queue}/notifications"


def system_task_queue(task_queue: str, system: str) -> str:
    """The queue on which the calls to `system` wait, so that its limits and its switch hold nobody else up."""
    return f"{task_queue}.{system}"


HEARTBEAT_TIMEOUT = 10.0
"""Seconds. Whoever runs longer than a moment heartbeats at least every third of that; after a worker's death an attempt
is made again when it has passed."""

MARGIN = 5.0
"""Seconds that Temporal gives an attempt beyond the call's own `timeout`, so that the activity classifies its timeouts
itself. What Temporal times out all the same counts as a lost worker, not as an answer."""


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")


class Telling(Wire):
    """What is told of an order, as the receivers of the worker's catalogue want it when the order starts."""

    events: list[str]
    """Types and patterns (compiler.event_types)."""
    receivers: list[str]
    """Ids: those whom a step may escalate to."""


class ToldOrder(Wire):
    """Of an order what receivers may choose by."""

    id: str
    revision: int = 1
    customer: dict[str, Any] = {}
    """id, name, tier."""
    priority: int = 3
    products: list[str] = []
    """Ids of the commercial ones."""


class ToldEvent(Wire):
    id: str
    """`<order id>/<number>`; of a later revision `<order id>/r<revision>/<number>`."""
    number: int
    """From 1, without gaps, per revision; 0 for the one event of a rejected order."""
    type: str
    """Of compiler.event_types."""
    at: float
    """Seconds since 1970."""
    data: dict[str, Any] = {}
    """Without what is the same for the whole order."""


class HandOver(Wire):
    """Events on their way out of an order. Handing over twice does no harm: numbers tell."""

    order: ToldOrder
    events: list[ToldEvent]
    ended: bool = False
    """Nothing more will come from this run of the order."""


class MatchedEvents(Wire):
    receivers: dict[str, list[str]] = {}
    """Event id → ids of the receivers that want it; those that nobody wants are left out."""


class EventsForReceiver(Wire):
    receiver: str
    order: ToldOrder
    events: list[ToldEvent]
    """In order; the first that fails ends the delivery."""
    attempts: int = 0
    """Of the first event, made before."""


class DeliveryOutcome(Wire):
    delivered: int
    """So many of the events, from the first."""
    code: str | None = None
    """Why the next one was not; None: nothing failed."""
    message: str = ""
    pause: float | None = None
    """Seconds until it is tried again; None: it is given up."""
    counts: bool = True
    """False where nothing was tried, so that it is no attempt."""
    gone: bool = False
    """The receiver wants nothing more, or is none any more."""
    exhausted: bool = False
    """It was the last attempt of the receiver's policy."""


class CompileOrder(Wire):
    order: dict[str, Any]
    """As submitted, not yet checked."""


class CompiledOrder(Wire):
    """Either `findings` (why the order was rejected) or a plan."""

    findings: list[dict[str, Any]] = []
    """compiler.findings.Finding, dumped."""
    plan: bytes = b""
    """compiler.plan_codec.pack(plan)."""
    summary: dict[str, Any] = {}
    """For search attributes and memo, also of a rejected order as far as known: customer_id, products (commercial,
    top level first), catalogue_version, requested_completion, order_lines, lines, steps (counts)."""
    telling: Telling | None = None
    """None: the catalogue has no receivers, and the order tells nobody anything."""


class CompileAmendment(Wire):
    order: dict[str, Any]
    """The whole new order, as submitted, not yet checked."""
    plan: bytes
    """The running one, packed."""
    retired: list[int] = []
    """Positions of its steps that an earlier amendment left over."""


class ChangedValue(Wire):
    """As a person reads it: values are shortened, `None` where there is none."""

    name: str
    """As expressions write it, `attributes.model`; `definition` where the catalogue says something else by now."""
    before: Any = None
    after: Any = None


class CompiledAmendment(Wire):
    """Either `findings` (why the new order is rejected) or the running plan with the new one laid over it.

    Steps are positions in that plan; those that were in the running one have kept theirs.
    """

    findings: list[dict[str, Any]] = []
    survives: bool = True
    """False: no order line of the running order is left."""
    plan: bytes = b""
    retired: list[int] = []
    """The order does not ask for these any more."""
    changed: list[int] = []
    """Their input is another one."""
    seen_otherwise: list[int] = []
    """These, and those whose undo, output or time limits read something else than before."""
    may_redo: list[int] = []
    lines_added: list[str] = []
    lines_removed: list[str] = []
    former_lines: list[str] = []
    """Order lines of the plan that the new order does not have, those of earlier amendments included."""
    order_values: list[ChangedValue] = []
    """Of the order itself."""
    line_values: dict[str, list[ChangedValue]] = {}
    """Of order lines, by id; not of all where these are very many."""
    step_values: dict[int, list[ChangedValue]] = {}
    """Of changed steps; not of all where these are very many."""
    summary: dict[str, Any] = {}
    """As a CompiledOrder's."""
    telling: Telling | None = None


class SystemCall(Wire):
    """One call, everything rendered but secrets, address and callback id.

    The activity decides after a failed attempt, by `retry` and the number of attempts so far (`earlier_attempts` plus
    Temporal's own count): a retryable error with `next_retry_delay` where the next pause is up to LONGEST_BACKOFF,
    RETRY_LATER where it is longer, and a non-retryable error with the failure's own code where no attempt is left or
    a retry cannot cure it. Temporal's retry policy only bounds what Temporal itself notices, a lost worker; an attempt
    lost that way is none of the policy's.

    POLL_SYSTEM asks until `until` holds. `fail_when` is judged at every asking, before `until`; `output` at the last.
    While it does not hold, and while the system cannot be asked (errors that a retry may cure), the activity fails
    retryably and is tried again after `every` seconds, by RETRY_LATER where that is more than LONGEST_BACKOFF; how long
    is the workflow's business (`within`). Other errors fail it.
    """

    order_id: str
    step_id: str
    system: str
    method: Method
    path: str
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = None
    format: Format = "json"
    accept: Format | None = None
    idempotency_key: str
    """`<order id>/<step id>/<do|undo>/<n>`."""
    timeout: float
    """Seconds for the HTTP exchange of one attempt."""
    retry: RetryPolicy
    earlier_attempts: int = 0
    """Attempts made by activities before this one (after RETRY_LATER), with the same key."""
    outcome_known: bool = True
    """False where one of those may have done the work: `FailureDetails.outcome_known` of the last."""
    fail_when: list[dict[str, str]] = []
    """`{if, code, message}` as written; CEL over `response` and `scope`."""
    output: Any = None
    """The step's `output` template over `response` and `scope`; None: the body."""
    scope: Bindings = {}
    """Bindings that fail_when, output and until need beside `response`."""
    places: dict[str, str] = {}
    """Expression text → file:line:column."""
    callback: bool = False
    """The step completes by callback: hand out an id that belongs to this order, step and key."""
    until: str | None = None
    """POLL_SYSTEM only: CEL over `response` and `scope`; until it holds the activity fails, to be tried again."""
    every: float = 30.0
    """POLL_SYSTEM only: seconds between two askings."""


class SystemAnswer(Wire):
    status: int
    output: Any = None
    """What later steps see."""
    attempts: int = 1
    """Over all activities of this key."""


class StepActivity(Wire):
    """The one argument of a Python activity (`activity: NAME`), which runs as activity type NAME on the main queue.

    It answers a StepActivityAnswer, fails as calls do, and heartbeats by itself while the function runs.
    """

    model_config = ConfigDict(populate_by_name=True)

    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    """The step's `with`, rendered."""
    order_id: str
    step_id: str
    idempotency_key: str
    timeout: float
    """Seconds for one attempt."""
    retry: RetryPolicy
    earlier_attempts: int = 0
    outcome_known: bool = True


class StepActivityAnswer(Wire):
    output: Any = None
    attempts: int = 1
    """Over all activities of this key."""


class FailureDetails(Wire):
    """The first detail of every ApplicationError that an activity raises."""

    code: str
    message: str
    status: int | None = None
    attempts: int = 1
    """Over all activities of this key."""
    retry_after: float | None = None
    outcome_known: bool = True
    """False where the system may have done the work all the same, in this attempt or one before it (timed out,
    connection lost after sending, worker lost)."""


class EventSubscription(Wire):
    """An order begins, or ceases, to wait for events that systems send by name and key, without knowing the order."""

    order_id: str
    names: list[str]
    key: str | None = None


class StepWatch(Wire):
    """A step of an order wants to be told when a step of another order is done."""

    order_id: str
    """The order that waits, and its step."""
    step_id: str
    other_order: str
    other_step: str
    """As `after` has it: `workstream.step`, `step`, or `workstream`; all its instances are meant. Or one's id."""
    workstream: str
    """Of the step that waits: where a bare name is looked for first."""


Standing = Literal["open", "done", "undone", "missing", "ended", "not_there"]


class StepStanding(Wire):
    """How far that step of the other order is, for `step_id` of the order that waits."""

    step_id: str
    other_order: str
    other_step: str
    standing: Standing
    """open: that order will tell · done · undone: it never will be, or was taken back · missing: the order has no such
    step · ended: the order ended without a word · not_there: there is no such order yet; its mailbox will ask it."""
    words: str = ""
    """In what way it is undone, or ended."""

    @classmethod
    def of(cls, watch: StepWatch, standing: Standing, words: str = "") -> StepStanding:
        return cls(
            step_id=watch.step_id,
            other_order=watch.other_order,
            other_step=watch.other_step,
            standing=standing,
            words=words,
        )


class MailboxSubscriber(Wire):
    order_id: str
    workflow_id: str
    """Where the mailbox sends what it gets, as the signal `deliver_event`."""


class MailboxInput(Wire):
    """How a mailbox starts: as an order's (`order_workflow_id`), or as an event name and key's (subscribers come)."""

    order_workflow_id: str | None = None
    retention_days: float = 30.0
    """So long an event is kept that nobody takes."""
    carried: dict[str, Any] | None = None
    """Its state when it continues as new."""


class MailboxDelivery(Wire):
    event_id: str
    name: str
    key: str | None = None
    payload: Any = None
    step: str | None = None
    watch: StepWatch | None = None
    """No event: another order's step asks to be told of a step of the order that the mailbox is for."""


class ReturnedEvents(Wire):
    """Signalled to an order that is rejected: they wait for the order that is sent again under its id."""

    order_id: str
    events: list[MailboxDelivery]


class MailboxAnswer(Wire):
    status: Literal["delivered", "kept", "duplicate", "ambiguous", "full"]
    """delivered to the one order that waits · kept, nobody waits yet · had come before · refused, several orders wait ·
    refused, too much is kept already."""
    orders: list[str] = []


class SystemSwitchInput(Wire):
    """How the switch of a system starts."""

    system: str
    queue: str
    """system_task_queue() of the deployment that it belongs to."""
    carried: dict[str, Any] | None = None
    """Its state when it continues as new."""


class SystemAnnounced(Wire):
    name: str
    """As people know the system."""


class SystemTrip(Wire):
    """What one worker has met lately."""

    failures: int
    """Of the system itself: no connection, no answer in time, 5xx."""
    calls: int
    """In the same time, those failures included."""
    error: str
    """The last failure, in words."""


class QueueRate(Wire):
    """How many calls a second the server lets through to a system, over all workers. None: as its own limits say."""

    system: str
    queue: str
    per_second: float | None
    reason: str
    """Shown by Temporal's own tools."""


class QueueRateSet(Wire):
    enough: bool = False
    """The system's own limit is no higher than what was asked for."""
    problem: str | None = None
    """Why the server does not keep to it; None: it does."""


class Probe(Wire):
    system: str


class ProbeAnswer(Wire):
    alive: bool
    said: str
    """In words: `answered 200`, `nobody can be reached at …`."""

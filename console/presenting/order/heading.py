"""The top of an order's page: what a customer's question needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from console.presenting.order.moves import MAX_MOVES, Move, order_moves
from console.presenting.orders.list_page import order_address
from operations.blockers.kept_events import kept_event_sentences
from operations.blockers.order_blockers import Blocker, lateness_sentence
from views.shared.time_format import format_elapsed
from views.shared.value_format import format_customer, in_words
from workflows.contract.order_views import OrderView, StepView
from workflows.contract.states import ENDED_ORDER_STATES, SETTLED, Jeopardy, OrderState

if TYPE_CHECKING:
    from operations.reading.order_details import OrderDetails

ON_TIME_SECONDS = 60.0
"""A smaller difference is none."""
Tone = Literal["good", "warn", "bad", "active", "quiet"]


@dataclass(frozen=True)
class Promise:
    """What was requested, against what is expected or has come."""

    requested: datetime | None
    expected: datetime | None
    """The forecast; of an order that has ended, its end."""
    is_ended: bool
    difference: str
    """`22 h late`, `3 d to spare`; empty if nothing can be compared."""
    tone: Tone


@dataclass(frozen=True)
class Progress:
    """Shares of the order's steps, for a bar."""

    total: int
    settled: int
    stuck: int
    active: int

    @property
    def waiting(self) -> int:
        return max(self.total - self.settled - self.stuck - self.active, 0)


@dataclass(frozen=True)
class OrderHeading:
    order: OrderView
    url: str
    customer: str
    customer_id: str
    tier: str
    products: Sequence[str]
    """The names of what was ordered, each once, as far as they are known, else ids."""
    promise: Promise
    progress: Progress
    lateness: str
    """A sentence, if it is late or will be."""
    ended: str
    """A sentence, if it has ended."""
    moves: Sequence[Move]
    """At most MAX_MOVES."""
    more_moves: int
    kept_events: Sequence[str]
    findings: Sequence[dict[str, Any]]
    notes: Sequence[str]
    """Where this comes from, if that is not what a person expects."""
    duration: str
    """How long it has run, or ran."""
    has_plan: bool
    steps: Sequence[StepView] | None = None
    """All steps. None: the order is large, and they were not read."""

    @property
    def state_word(self) -> str:
        """How it was ended from outside, or else its state."""
        interrupted = self.order.interrupted
        return in_words(interrupted.kind if interrupted else self.order.state)


def order_heading(
    details: OrderDetails, blockers: Sequence[Blocker], steps: Sequence[StepView], now: datetime
) -> OrderHeading:
    """`steps`: at least those that the blockers name."""
    order = details.order
    moves = order_moves(blockers, steps)
    has_ended = order.state in ENDED_ORDER_STATES
    end = (order.ended_at or order.started_at) if has_ended else now
    return OrderHeading(
        order=order,
        url=order_address(order.order_id),
        customer=str(order.customer.get("name") or format_customer(order.customer)),
        customer_id=str(order.customer.get("id") or ""),
        tier=str(order.customer.get("tier") or ""),
        products=_products(order),
        promise=promise_of(order, now),
        progress=progress_of(order),
        lateness=lateness_sentence(order, steps) or "",
        ended=_ended_text(order),
        moves=moves[:MAX_MOVES],
        more_moves=max(len(moves) - MAX_MOVES, 0),
        kept_events=kept_event_sentences(order),
        findings=order.findings,
        notes=source_notes(details),
        duration=format_elapsed(max((end - order.started_at).total_seconds(), 0)),
        has_plan=bool(order.step_count or order.lines),
    )


def _products(order: OrderView) -> list[str]:
    names = {line.product: line.name for line in order.order_lines}
    return list(dict.fromkeys(names.get(product, product) for product in order.products))


def promise_of(order: OrderView, now: datetime) -> Promise:
    is_ended = order.state in ENDED_ORDER_STATES
    requested, expected = order.requested_completion, order.ended_at if is_ended else order.forecast
    if order.state is OrderState.REJECTED or order.interrupted is not None:
        return Promise(requested, order.ended_at, is_ended, "", "bad")
    compared = expected if is_ended else max(expected or now, now)
    if requested is None or compared is None:
        return Promise(requested, expected, is_ended, "", "quiet")
    spare = (requested - compared).total_seconds()
    if expected is not None and abs(spare) < ON_TIME_SECONDS:
        return Promise(requested, expected, is_ended, "on time", "good")
    if spare < 0:
        difference = f"{format_elapsed(round(-spare))} {'late' if is_ended or requested < now else 'too late'}"
        return Promise(requested, expected, is_ended, difference, "bad")
    if expected is None:
        return Promise(requested, None, is_ended, f"{format_elapsed(round(spare))} left", "quiet")
    difference = f"{format_elapsed(round(spare))} {'early' if is_ended else 'to spare'}"
    return Promise(requested, expected, is_ended, difference, "good" if order.jeopardy is Jeopardy.ON_TRACK else "warn")


_STUCK = ("fatally_failed", "on_hold")
_ACTIVE = ("scheduled", "ready", "in_progress", "failed")


def progress_of(order: OrderView) -> Progress:
    counts = order.steps_by_state
    return Progress(
        total=order.step_count or sum(counts.values()),
        settled=sum(counts.get(state.value, 0) for state in SETTLED),
        stuck=sum(counts.get(state, 0) for state in _STUCK),
        active=sum(counts.get(state, 0) for state in _ACTIVE),
    )


def _ended_text(order: OrderView) -> str:
    if order.state not in ENDED_ORDER_STATES or order.interrupted is not None:
        return ""
    return {
        OrderState.COMPLETED: "Everything that was ordered is done.",
        OrderState.PARTIAL: "Some of what was ordered is done; the rest was given up.",
        OrderState.FAILED: "It failed.",
        OrderState.CANCELLED: "It was cancelled. What had been done is undone, as far as it could be.",
        OrderState.REJECTED: "It was rejected, so nothing of it was done.",
    }[order.state]


def source_notes(details: OrderDetails) -> list[str]:
    """As the command line notes them, without times: the page has those beside it."""
    notes = []
    if details.source == "record":
        notes.append("No worker answers. This is Temporal's record of the order, without its lines and steps.")
    elif details.ledger_failure is not None:
        notes.append(f"{details.ledger_failure}. This is from the order itself.")
    elif details.order_failure is not None:
        failure = details.order_failure
        notes.append(f"{failure[:1].upper()}{failure[1:]}: this is what the ledger knows.")
    if details.storage is not None and details.storage.archive_file is not None:
        notes.append(f"From the archive, file {details.storage.archive_file}.")
    if details.storage is not None and details.storage.erased_at is not None:
        notes.append(
            f"The personal data of this order was erased (erasure {details.storage.erasure}): names, values and texts "
            "are empty."
        )
    return notes

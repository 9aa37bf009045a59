"""The unwritten changes of one order, merged into one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from activity_contract.line_reasons import LineReason
from ledger.writing.submitted_orders import submitted_at
from workflows.contract.order_changes import AmendmentRecord, HistoryRecord, OrderChange, OrderRecord
from workflows.contract.order_views import LineView
from workflows.contract.step_record import StepRecord

OrderKey = tuple[str, str]
"""(order id, submission)"""

STEP_BYTES = 1_000
LINE_BYTES = 2_000
ENTRY_BYTES = 600
ORDER_BYTES = 4_000
"""What they take in memory, roughly, without what people and systems said."""
MAX_COUNTED_VALUES = 200
"""Values of a document that are counted. A larger one is taken to go on as it began."""


class DoesNotFollow(Exception):
    """A change between what is pending and the next one is missing."""


@dataclass(slots=True)
class PendingOrder:
    change: OrderChange
    """The first change's `previous`, and all else from the latest one but rows."""
    steps: dict[int, StepRecord]
    history: dict[int, HistoryRecord]
    amendments: dict[int, AmendmentRecord]
    oldest_at: float
    """When the first of the changes was made, in seconds since 1970 by this machine's clock."""
    size: int
    """Bytes, roughly."""
    count: int = 1
    """How many changes were merged."""

    @classmethod
    def of(cls, change: OrderChange, now: float) -> PendingOrder:
        return cls(
            change,
            {step.number: step for step in change.steps},
            {entry.number: entry for entry in change.history},
            {amendment.revision: amendment for amendment in change.amendments},
            now,
            change_size(change),
        )

    @property
    def key(self) -> OrderKey:
        return self.change.order_id, self.change.submission

    @property
    def has_ended(self) -> bool:
        return self.change.order.ended_at is not None

    def add(self, later: OrderChange) -> None:
        """Raises DoesNotFollow. A change from before the pending ones is left out."""
        pending = self.change
        if later.position < pending.position:
            return
        self.count += 1
        if later.previous is None:
            self._replace(later)
            return
        if pending.position < later.previous:
            raise DoesNotFollow
        self.size += self._growth(later)
        self.steps |= {step.number: step for step in later.steps}
        self.history |= {entry.number: entry for entry in later.history}
        self.amendments |= {amendment.revision: amendment for amendment in later.amendments}
        self.change = OrderChange(
            order_id=later.order_id,
            submission=later.submission,
            run_id=later.run_id,
            position=later.position,
            previous=pending.previous,
            order=later.order,
            lines=pending.lines if later.lines is None else later.lines,
            order_line_count=pending.order_line_count if later.lines is None else later.order_line_count,
            line_reasons=_merged_reasons(pending.line_reasons, later.line_reasons),
            line_states=pending.line_states | later.line_states if later.lines is None else later.line_states,
            submitted=pending.submitted if later.submitted is None else later.submitted,
            digest=_digest_after(pending, later),
        )

    def _growth(self, later: OrderChange) -> int:
        """Bytes that `later` adds. This runs at each turn of a busy order, so what is the same object as before is not
        counted again."""
        replaced = (self.steps[step.number] for step in later.steps if step.number in self.steps)
        growth = _content_size(later) - sum(map(_step_size, replaced))
        if later.lines is not None:
            growth -= _lines_size(self.change.lines)
        before, after = _order_values(self.change.order), _order_values(later.order)
        for old, new in zip(before, after, strict=True):
            if new is not old and (new or old):
                growth += _value_size(new) - _value_size(old)
        return growth

    def _replace(self, complete: OrderChange) -> None:
        """Entries that the complete change no longer knows stay; later ones did not happen."""
        last = max((entry.number for entry in complete.history), default=0)
        earlier = {number: entry for number, entry in self.history.items() if number <= last}
        earlier_amendments = {at: each for at, each in self.amendments.items() if at <= complete.order.revision}
        submitted = self._submitted_before(complete) if complete.submitted is None else complete.submitted
        self.steps = {step.number: step for step in complete.steps}
        self.history = earlier | {entry.number: entry for entry in complete.history}
        self.amendments = earlier_amendments | {each.revision: each for each in complete.amendments}
        self.size = change_size(complete)
        self.change = replace(
            complete,
            line_reasons=_merged_reasons(self.change.line_reasons, complete.line_reasons),
            submitted=submitted,
            digest=_digest_after(self.change, complete),
        )

    def _submitted_before(self, complete: OrderChange) -> dict[str, Any] | None:
        """The order as submitted, for a run that does not know it. A reset may have undone amendments."""
        revision = complete.order.revision
        is_undone = revision < self.change.order.revision
        return submitted_at(revision, self.amendments) if is_undone else self.change.submitted

    def merged(self) -> OrderChange:
        """One change with the effect of all of them, one after the other."""
        if self.count == 1:
            return self.change
        return replace(
            self.change,
            steps=list(self.steps.values()),
            history=list(self.history.values()),
            amendments=list(self.amendments.values()),
        )


def _merged_reasons(earlier: list[LineReason] | None, later: list[LineReason] | None) -> list[LineReason] | None:
    """The later reasons of a line take the place of all its earlier ones."""
    if earlier is None or later is None:
        return earlier if later is None else later
    named = {reason.line_id for reason in later}
    return [reason for reason in earlier if reason.line_id not in named] + later


def _digest_after(earlier: OrderChange, later: OrderChange) -> str | None:
    """An amendment without a digest has none: the earlier one is of another document."""
    if later.digest is None and later.order.revision == earlier.order.revision:
        return earlier.digest
    return later.digest


def change_size(change: OrderChange) -> int:
    """Bytes in memory, roughly."""
    values = _order_values(change.order)
    return ORDER_BYTES + sum(_value_size(value) for value in values if value) + _content_size(change)


def _order_values(order: OrderRecord) -> tuple[Any, ...]:
    """Those that can be large."""
    return order.customer, order.characteristics, order.findings, order.held, order.kept_events


def _content_size(change: OrderChange) -> int:
    """Without the order itself."""
    size = sum(map(_step_size, change.steps)) + _lines_size(change.lines) + ENTRY_BYTES * len(change.history)
    size += sum(_value_size(entry.data) for entry in change.history if entry.data is not None)
    size += sum(_value_size(each.after) + _value_size(each.before) for each in change.amendments)
    return size + (_value_size(change.submitted) if change.submitted is not None else 0)


def _step_size(step: StepRecord) -> int:
    size = STEP_BYTES
    for value in (step.output, step.error, step.corrections, step.undo):
        if value:
            size += _value_size(value)
    return size


def _lines_size(lines: list[LineView] | None) -> int:
    if lines is None:
        return 0
    values = (value for line in lines for value in (line.attributes, line.named_values) if value)
    return LINE_BYTES * len(lines) + sum(map(_value_size, values))


def _value_size(value: Any) -> int:
    size = counted = 0
    waiting = [value]
    while waiting and counted < MAX_COUNTED_VALUES:
        each = waiting.pop()
        counted += 1
        match each:
            case str():
                size += 50 + len(each)
            case dict():
                size += 100
                waiting += each.keys()
                waiting += each.values()
            case list():
                size += 60
                waiting += each
            case int() | float() | None:
                size += 30
            case BaseModel():
                size += 100
                waiting += vars(each).values()
            case _:
                size += 30
    return size * (counted + len(waiting)) // max(counted, 1)

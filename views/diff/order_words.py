"""What a change of the catalogue does to an order, in short lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.amendment.compare_plans import DEFINITION_INPUT, InputChange
from compiler.diff.order_impact import AmendmentImpact, OrderImpact, OrderOutcome, ValueChange
from views.diff.step_words import Quote
from views.diff.values import value_text
from views.shared.value_format import pluralize

OUTCOME_WORDS = {
    OrderOutcome.SAME_PLAN: "the same plan",
    OrderOutcome.OTHER_PLAN: "another plan",
    OrderOutcome.NOW_REJECTED: "rejected now, and accepted before",
    OrderOutcome.NOW_ACCEPTED: "accepted now, and rejected before",
    OrderOutcome.REJECTED_BY_BOTH: "rejected, as before",
}
MAX_LISTED = 12
_FATES = (
    ("undone", "undoes"),
    ("left", "leaves, with nothing that undoes them,"),
    ("redone", "does again"),
    ("patched", "changes in place"),
    ("kept", "keeps"),
    ("added", "adds"),
)


def impact_lines(impact: OrderImpact, quote: Quote = str) -> Iterator[str]:
    """Lines and values, then steps, then what an amendment does. `quote` marks ids and values."""
    if impact.lines_added:
        yield f"lines added: {_listed(impact.lines_added, quote)}"
    if impact.lines_removed:
        yield f"lines gone: {_listed(impact.lines_removed, quote)}"
    for change in impact.values[:MAX_LISTED]:
        yield f"line {quote(change.line)}: {_turn(change, quote)}"
    if len(impact.values) > MAX_LISTED:
        yield f"… {len(impact.values) - MAX_LISTED} more values of lines"
    if impact.plan is None:
        return
    if impact.plan.added:
        yield f"steps added: {_listed(impact.plan.added, quote)}"
    if impact.plan.removed:
        yield f"steps gone: {_listed(impact.plan.removed, quote)}"
    if impact.plan.changed:
        changed = [_changed_step(impact, id_, quote) for id_ in impact.plan.changed]
        yield f"steps with other work: {_listed(changed, str)}"
    for id_, waits in list(impact.plan.waits.items())[:MAX_LISTED]:
        if waits.now:
            yield f"{quote(id_)} now waits for {_listed(waits.now, quote)}"
        if waits.no_longer:
            yield f"{quote(id_)} no longer waits for {_listed(waits.no_longer, quote)}"
    if impact.amendment is not None and impact.outcome is OrderOutcome.OTHER_PLAN:
        yield from _amendment_lines(impact.amendment, quote)


def _turn(change: ValueChange | InputChange, quote: Quote) -> str:
    return f"{quote(change.name)} {quote(value_text(change.before))} → {quote(value_text(change.after))}"


def _changed_step(impact: OrderImpact, id_: str, quote: Quote) -> str:
    """With the inputs from the order that differ, if it is not the definition alone."""
    changes = impact.plan.changed[id_] if impact.plan else ()
    values = [
        _turn(change, quote)
        for change in changes
        if change.name != DEFINITION_INPUT and change.before is not None and change.after is not None
    ]
    return f"{quote(id_)} ({', '.join(values)})" if values else quote(id_)


def _amendment_lines(amendment: AmendmentImpact, quote: Quote) -> Iterator[str]:
    """Of an order with every step completed, if the amendment touches all its lines."""
    parts = [f"{words} {_listed(ids, quote)}" for name, words in _FATES if (ids := getattr(amendment, name))]
    if parts:
        yield f"if amended once all steps are done: {'; '.join(parts)}"


def _listed(ids: Sequence[str], quote: Quote) -> str:
    more = f", … ({len(ids)} in all)" if len(ids) > MAX_LISTED else ""
    return ", ".join(map(quote, ids[:MAX_LISTED])) + more


def same_plan_text(impacts: Sequence[OrderImpact], quote: Quote = str) -> str:
    """`the same plan: 9 orders, HS-1003, HS-1002`; empty if each has another one."""
    same = [impact.order_id or impact.file for impact in impacts if impact.outcome is OrderOutcome.SAME_PLAN]
    return f"the same plan: {pluralize(len(same), 'order')}, {_listed(same, quote)}" if same else ""

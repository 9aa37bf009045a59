"""What a change of the catalogue does to an order, in short lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from compiler.amendment.compare_plans import DEFINITION_INPUT
from compiler.diff.order_impact import AmendmentImpact, OrderImpact, OrderOutcome
from views.diff.values import value_text

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


def impact_lines(impact: OrderImpact) -> Iterator[str]:
    """Lines and values, then steps, then what an amendment does."""
    if impact.lines_added:
        yield f"lines added: {_listed(impact.lines_added)}"
    if impact.lines_removed:
        yield f"lines gone: {_listed(impact.lines_removed)}"
    for change in impact.values[:MAX_LISTED]:
        yield f"line {change.line}: {change.name} {value_text(change.before)} → {value_text(change.after)}"
    if len(impact.values) > MAX_LISTED:
        yield f"… {len(impact.values) - MAX_LISTED} more values of lines"
    if impact.plan is None:
        return
    if impact.plan.added:
        yield f"steps added: {_listed(impact.plan.added)}"
    if impact.plan.removed:
        yield f"steps gone: {_listed(impact.plan.removed)}"
    if impact.plan.changed:
        yield f"steps with other work: {_listed([_changed_step(impact, id_) for id_ in impact.plan.changed])}"
    for id_, waits in list(impact.plan.waits.items())[:MAX_LISTED]:
        if waits.now:
            yield f"{id_} now waits for {_listed(waits.now)}"
        if waits.no_longer:
            yield f"{id_} no longer waits for {_listed(waits.no_longer)}"
    if impact.amendment is not None and impact.outcome is OrderOutcome.OTHER_PLAN:
        yield from _amendment_lines(impact.amendment)


def _changed_step(impact: OrderImpact, id_: str) -> str:
    """With the inputs from the order that differ, if it is not the definition alone."""
    changes = impact.plan.changed[id_] if impact.plan else ()
    values = [
        f"{change.name} {value_text(change.before)} → {value_text(change.after)}"
        for change in changes
        if change.name != DEFINITION_INPUT and change.before is not None and change.after is not None
    ]
    return f"{id_} ({', '.join(values)})" if values else id_


def _amendment_lines(amendment: AmendmentImpact) -> Iterator[str]:
    """Of an order with every step completed, if the amendment touches all its lines."""
    parts = [f"{words} {_listed(ids)}" for name, words in _FATES if (ids := getattr(amendment, name))]
    if parts:
        yield f"if it runs, all done, and is amended: {'; '.join(parts)}"


def _listed(ids: Sequence[str]) -> str:
    more = f", … ({len(ids)} in all)" if len(ids) > MAX_LISTED else ""
    return ", ".join(ids[:MAX_LISTED]) + more

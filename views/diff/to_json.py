"""The changes between two catalogues as plain data, as `diff -o json` prints them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from compiler.diff.change import CatalogueDiff, Change, ChangeKind, Severity
from compiler.diff.order_impact import OrderImpact
from views.diff.definition_outline import Marks, definition_outline
from views.diff.values import plain_value
from views.diff.words import backticks, describe


def diff_to_json(diff: CatalogueDiff, old: str, new: str, impacts: Sequence[OrderImpact] = ()) -> dict[str, Any]:
    counts = Counter(change.severity for change in diff.changes)
    trial = diff.rejected_trial
    return {
        "old": old,
        "new": new,
        "severity": diff.severity.value if diff.severity else None,
        "counts": {severity.value: counts[severity] for severity in Severity},
        "changes": [_change_to_json(change) for change in diff.changes],
        "rejected_order": {"order": trial.order, "reason": trial.reason} if trial else None,
        "orders_tried": diff.trials,
        "orders": [_impact_to_json(impact) for impact in impacts],
    }


def _change_to_json(change: Change) -> dict[str, Any]:
    return {
        "kind": change.subject.kind,
        "id": change.subject.id,
        "name": change.subject.name,
        "path": list(change.path),
        "change": change.kind.value,
        "before": plain_value(change.before),
        "after": plain_value(change.after),
        "severity": change.severity.value,
        "effect": change.effect.value,
        "concerns": list(change.concerns),
        "location": str(change.location) if change.location else None,
        "text": describe(change),
        "part_of": change.part_of or None,
        "outline": _outline_to_json(change),
    }


def _outline_to_json(change: Change) -> list[dict[str, Any]]:
    """What a definition that is new contains, in words. Empty for other changes."""
    if change.path or change.kind is not ChangeKind.ADDED:
        return []
    outline = definition_outline(change.subject.kind, change.after, Marks(backticks, str))
    return [{"title": section.title, "lines": list(section.lines)} for section in outline]


def _impact_to_json(impact: OrderImpact) -> dict[str, Any]:
    plan, amendment = impact.plan, impact.amendment
    return {
        "order_id": impact.order_id,
        "file": impact.file,
        "outcome": impact.outcome.value,
        "findings": [finding.model_dump() for finding in impact.findings],
        "lines_added": list(impact.lines_added),
        "lines_removed": list(impact.lines_removed),
        "values": [
            {
                "line": one.line,
                "name": one.name,
                "before": plain_value(one.before),
                "after": plain_value(one.after),
            }
            for one in impact.values
        ],
        "steps": None
        if plan is None
        else {
            "added": list(plan.added),
            "removed": list(plan.removed),
            "changed": list(plan.changed),
            "waits": {
                id_: {"now": list(waits.now), "no_longer": list(waits.no_longer)} for id_, waits in plan.waits.items()
            },
        },
        "amendment": None
        if amendment is None
        else {name: list(getattr(amendment, name)) for name in amendment.__dataclass_fields__},
    }

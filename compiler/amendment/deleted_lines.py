"""Order lines that an amendment turns from `add` to `delete`.

What the order has done for such a line is undone, as if the amended order did not have the line. Its delete steps would
only take the same work back a second time. If the line is completed, its delete steps delete it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from compiler.language.steps import LineAction
from compiler.plan.plan import Plan


def lines_turned_to_delete(running: Plan, new_plan: Plan) -> frozenset[str]:
    """Ids of order lines that the running plan adds and the new one deletes."""
    added = {line.id for line in running.order_lines if line.action is LineAction.ADD}
    return frozenset(line.id for line in new_plan.order_lines if line.id in added and line.action is LineAction.DELETE)


def lines_taken_back(running: Plan, new_plan: Plan, completed_lines: Collection[str]) -> frozenset[str]:
    """Ids of the lines that are not completed and not below a completed line."""
    turned = lines_turned_to_delete(running, new_plan)
    kept = set(completed_lines)
    for line in new_plan.order_lines:  # parents come before their children
        if line.id in turned and not kept.isdisjoint(line.sources):
            kept.add(line.id)
    return turned - kept


def without_lines(order: dict[str, Any], line_ids: Collection[str]) -> dict[str, Any]:
    """The order, which must be valid, without these lines and their child lines, and without references to them."""
    removed = set(line_ids)
    _add_children(order["lines"], removed, below_removed=False)
    return {**order, "lines": _without(order["lines"], removed)}


def _add_children(lines: list[dict[str, Any]], removed: set[str], *, below_removed: bool) -> None:
    for line in lines:
        if below_removed:
            removed.add(line["id"])
        _add_children(line.get("lines") or [], removed, below_removed=line["id"] in removed)


def _without(lines: list[dict[str, Any]], removed: Collection[str]) -> list[dict[str, Any]]:
    remaining = []
    for line in lines:
        if line["id"] in removed:
            continue
        changed = dict(line)
        if line.get("lines"):
            changed["lines"] = _without(line["lines"], removed)
        if relies_on := line.get("relies_on"):
            named = [relies_on] if isinstance(relies_on, str) else relies_on
            changed["relies_on"] = [id_ for id_ in named if id_ not in removed]
        remaining.append(changed)
    return remaining

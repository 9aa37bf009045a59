"""How grave a change is, by where it is.

The rules say what is certain from the change alone. Whether a change of behaviour also rejects orders that were valid,
such as a condition that leaves a line without any step, is tried with generated orders (trial_orders.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compiler.amendment.compare_plans import INPUT_KEYS
from compiler.diff.change import ChangeKind, ChangePath, Effect, Severity
from compiler.diff.compare_trees import Difference

Verdict = tuple[Severity, Effect]
Judge = Callable[[Difference], Verdict]

COSMETIC: Verdict = (Severity.COSMETIC, Effect.NONE)
BEHAVIOUR: Verdict = (Severity.BEHAVIOUR, Effect.NONE)
REDOES: Verdict = (Severity.BEHAVIOUR, Effect.REDOES_WORK)
RUNNING: Verdict = (Severity.BEHAVIOUR, Effect.RUNNING_ORDERS)
REJECTS: Verdict = (Severity.BREAKING, Effect.REJECTS_ORDERS)
UNDOES: Verdict = (Severity.BREAKING, Effect.UNDOES_WORK)

UNPINNED = ("system", "receiver")


def judge(kind: str, difference: Difference) -> Verdict:
    """The verdict on a change of a definition of this kind (`product`, `class`, `workstream`, `system`, …)."""
    if not difference.path:
        return _REMOVED_DEFINITIONS.get(kind, UNDOES) if difference.kind is ChangeKind.REMOVED else BEHAVIOUR
    if kind in UNPINNED:
        return COSMETIC if difference.path[0] in ("name", "description", "example") else RUNNING
    return _KEYS.get(difference.path[0], _always(BEHAVIOUR))(difference)


def _always(verdict: Verdict) -> Judge:
    return lambda _difference: verdict


def _if_removed(verdict: Verdict) -> Judge:
    return lambda difference: verdict if difference.kind is ChangeKind.REMOVED else BEHAVIOUR


def _if_given(verdict: Verdict) -> Judge:
    """What was added or changed has the verdict; without it, more is allowed than before."""
    return lambda difference: BEHAVIOUR if difference.kind is ChangeKind.REMOVED else verdict


def _limit(*, lowest: bool) -> Judge:
    """A limit that admits less rejects orders."""

    def judge_limit(difference: Difference) -> Verdict:
        before, after = difference.before, difference.after
        if after is None:
            return BEHAVIOUR
        tightened = before is None or (after > before if lowest else after < before)
        return REJECTS if tightened else BEHAVIOUR

    return judge_limit


def _judge_type(difference: Difference) -> Verdict:
    """Every integer is a number."""
    return BEHAVIOUR if (difference.before, difference.after) == ("integer", "number") else REJECTS


def _judge_quantity(difference: Difference) -> Verdict:
    """Of a product: which quantities its lines may have. A decimal one may be any, a whole one may also be 1."""
    return REJECTS if difference.after == "one" or difference.before == "decimal" else BEHAVIOUR


_ATTRIBUTE_KEYS: Mapping[str, Judge] = {
    "description": _always(COSMETIC),
    "type": _judge_type,
    "required": _if_given(REJECTS),
    "minimum": _limit(lowest=True),
    "min_length": _limit(lowest=True),
    "maximum": _limit(lowest=False),
    "max_length": _limit(lowest=False),
    "pattern": _if_given(REJECTS),
    "items": _if_given(REJECTS),
    "properties": _if_given(REJECTS),
    "merge": lambda difference: REJECTS if difference.after in (None, "reject") else BEHAVIOUR,
}


def judge_attribute(difference: Difference) -> Verdict:
    """Of a declared attribute, or of the items and properties of one."""
    path = difference.path[2:]
    while path and ((path[0] == "items" and len(path) > 1) or (path[0] == "properties" and len(path) > 1)):
        path = path[1:] if path[0] == "items" else path[2:]
    if not path:
        return _judge_declaration(difference)
    if path[0] == "enum":
        narrowed = difference.kind is (ChangeKind.REMOVED if len(path) > 1 else ChangeKind.ADDED)
        return REJECTS if narrowed else BEHAVIOUR
    return _ATTRIBUTE_KEYS.get(path[0], _always(BEHAVIOUR))(difference)


def _judge_declaration(difference: Difference) -> Verdict:
    if difference.kind is ChangeKind.REMOVED:
        return REJECTS
    added: Mapping[str, Any] = difference.after if isinstance(difference.after, dict) else {}
    return REJECTS if added.get("required") else BEHAVIOUR


_STEP_KEYS: Mapping[str, Judge] = {
    **{key: _always(REDOES) for key in INPUT_KEYS},
    "name": _always(COSMETIC),
    "description": _always(COSMETIC),
    "per": _always(UNDOES),
    "actions": _if_removed(UNDOES),
}
_RULE_KEYS: Mapping[str, Judge] = {
    "actions": _if_removed(UNDOES),
    "for_each": _always(UNDOES),
    "key": _always(UNDOES),
    "attributes": _always(REDOES),
    "quantity": _always(REDOES),
}
"""With another list, or other keys, the lines have other ids. Other values are other input of steps."""


def _of_parts(keys: Mapping[str, Judge]) -> Judge:
    """Of a step or a rule: what is gone takes its work with it."""

    def judge_part(difference: Difference) -> Verdict:
        if len(difference.path) < 3:
            return UNDOES if difference.kind is ChangeKind.REMOVED else BEHAVIOUR
        return keys.get(difference.path[2], _always(BEHAVIOUR))(difference)

    return judge_part


_KEYS: Mapping[str, Judge] = {
    "name": _always(COSMETIC),
    "description": _always(COSMETIC),
    "class": _always(COSMETIC),
    "code": lambda difference: BEHAVIOUR if difference.kind is ChangeKind.ADDED else REJECTS,
    "attributes": judge_attribute,
    "let": lambda difference: BEHAVIOUR if difference.kind is ChangeKind.ADDED else REDOES,
    "steps": _of_parts(_STEP_KEYS),
    "decomposes_to": _of_parts(_RULE_KEYS),
    "components": _of_parts(_RULE_KEYS),
    "quantity": _judge_quantity,
    "per": _always(UNDOES),
    "for": _if_removed(UNDOES),
    "no_work_for": _if_removed(REJECTS),
}
_REMOVED_DEFINITIONS: Mapping[str, Verdict] = {
    "commercial_product": REJECTS,
    "class": BEHAVIOUR,
    "system": RUNNING,
    "receiver": RUNNING,
    "retry": BEHAVIOUR,
}


def renamed(kind: str, path: ChangePath) -> Verdict:
    """The verdict on another id: orders name offers and attributes, and running orders have steps and lines by id."""
    if kind in UNPINNED or kind in ("class", "retry"):
        return BEHAVIOUR
    is_named_by_orders = kind == "commercial_product" if not path else path[0] == "attributes"
    return REJECTS if is_named_by_orders else UNDOES


_PLANNED_KEYS = frozenset(
    {"attributes", "components", "decomposes_to", "dependencies", "for", "let", "merged_quantity", "no_work_for"}
    | {"per", "quantity", "when"}
)
_PLANNED_STEP_KEYS = frozenset({"actions", "after", "per"})
"""The keys of which the plan is made. All others only count once a plan is carried out."""


_DECLARED_LIMITS = frozenset({"enum", *_ATTRIBUTE_KEYS} - {"merge"})
"""What a declaration allows. A narrower limit is breaking by itself, and a wider one rejects no order."""


def may_reject(path: ChangePath, kind: ChangeKind) -> bool:
    """Whether a change of behaviour here can be the reason why an order has no plan."""
    if path[:1] == ("attributes",) and len(path) > 2:
        return path[2] not in _DECLARED_LIMITS
    if path[:1] == ("steps",) and len(path) > 2:
        is_loosened = path[2] == "after" and kind is ChangeKind.REMOVED
        return path[2] in _PLANNED_STEP_KEYS and not is_loosened
    if path[:1] == ("dependencies",):
        return kind is not ChangeKind.REMOVED
    return not path or path[0] in _PLANNED_KEYS or path[0] == "steps"

"""Small faults that people make in definitions: each is one change of one document."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from compiler.language.durations import parse_duration
from compiler.language.http_words import HTTP_METHODS
from compiler.source.document import Document, KeyPath
from compiler.source.findings import SourceLocation

Change = Any
"""The new value, or REMOVED."""
REMOVED = object()
MUTATED_KINDS = ("commercial_product", "technical_product", "product_class", "workstream", "retry")


class FaultKind(StrEnum):
    CONDITION = "wrong condition"
    RULE = "lost rule"
    QUANTITY = "wrong quantity"
    VALUE = "wrong value"
    LIMIT = "wrong limit"
    DEPENDENCY = "lost dependency"
    UNDO = "lost undo"
    CHANGE = "lost change in place"
    POLICY = "wrong policy"
    BODY = "wrong body"
    CALL = "wrong call"
    TIME = "wrong time"
    ACTIONS = "lost action"
    NO_RETURN = "lost point of no return"
    EVENT = "wrong event"
    TASK = "wrong task"


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` at `location`; `document` is the one with the fault in it."""

    kind: FaultKind
    what: str
    """`after without alarm_hub.reserve`."""
    path: KeyPath
    location: SourceLocation
    original: Document
    document: Document


def faults_of(document: Document) -> Iterator[Fault]:
    """All faults that can be put into the document, in the order of the file. None for systems and receivers."""
    if not isinstance(document.data, dict) or document.data.get("kind") not in MUTATED_KINDS:
        return
    for kind, path, value, what in _changes(document.data):
        data = _changed(document.data, path, value)
        yield Fault(kind, what, path, document.location(path), document, replace(document, data=data))


def _changed(data: Any, path: KeyPath, value: Change) -> Any:
    changed = copy.deepcopy(data)
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    if value is REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return changed


Found = Iterator[tuple[FaultKind, KeyPath, Change, str]]


def _changes(data: dict[str, Any]) -> Found:
    if data["kind"] == "retry":
        yield from _retry_changes(data)
        return
    for name, attribute in _items(data.get("attributes")):
        yield from _attribute_changes(("attributes", name), attribute)
    for name, expression in _items(data.get("let")):
        yield FaultKind.VALUE, ("let", name), f"2.0 * ({expression})", f"{name} is doubled"
    for at, rule in enumerate(data.get("decomposes_to") or ()):
        yield from _rule_changes(("decomposes_to", at), rule)
    for step, references in _items(data.get("dependencies")):
        yield from _lost_references(("dependencies", step), references)
    for name, step in _items(data.get("steps")):
        yield from _step_changes(("steps", name), step)
    if data["kind"] == "workstream":
        yield from _lost_entries(FaultKind.ACTIONS, ("actions",), data.get("actions"), "actions")
        yield from _condition_changes((), data)


def _attribute_changes(path: KeyPath, attribute: dict[str, Any]) -> Found:
    for limit in ("minimum", "maximum"):
        if isinstance(attribute.get(limit), int):
            shift = 1 if limit == "maximum" else -1
            value = attribute[limit] + shift
            yield FaultKind.LIMIT, (*path, limit), value, f"{limit} {value}"
    default = attribute.get("default")
    others = [each for each in attribute.get("enum") or () if each != default]
    if isinstance(default, bool):
        yield FaultKind.VALUE, (*path, "default"), not default, f"default {str(not default).lower()}"
    elif isinstance(default, int | float):
        yield FaultKind.VALUE, (*path, "default"), default + 1, f"default {default + 1}"
    elif default is not None and others:
        yield FaultKind.VALUE, (*path, "default"), others[0], f"default {others[0]}"
    if attribute.get("required") is True and "default" not in attribute:
        yield FaultKind.LIMIT, (*path, "required"), False, "not required"


def _rule_changes(path: KeyPath, rule: dict[str, Any]) -> Found:
    yield FaultKind.RULE, path, REMOVED, f"no rule for {rule.get('product')}"
    yield from _condition_changes(path, rule)
    if "quantity" in rule:
        yield FaultKind.QUANTITY, (*path, "quantity"), f"({rule['quantity']}) + 1", "one more"
        yield FaultKind.QUANTITY, (*path, "quantity"), REMOVED, "the source's quantity"
    yield from _lost_entries(FaultKind.ACTIONS, (*path, "actions"), rule.get("actions"), "actions")
    for name, value in _items(rule.get("attributes")):
        place = (*path, "attributes", name)
        if not isinstance(value, dict):
            yield FaultKind.VALUE, place, REMOVED, f"no {name}"
            continue
        rows = value.get("table") or {}
        for row, result in rows.items():
            other = next((each for each in rows.values() if each != result), None)
            if other is not None:
                yield FaultKind.VALUE, (*place, "table", row), other, f"row {row} gives {other}"


def _step_changes(path: KeyPath, step: dict[str, Any]) -> Found:
    yield from _condition_changes(path, step)
    yield from _lost_references((*path, "after"), step.get("after"))
    yield from _lost_entries(FaultKind.ACTIONS, (*path, "actions"), step.get("actions"), "actions")
    yield from _lost_keys(path, step)
    if isinstance(step.get("call"), dict):
        yield from _call_changes((*path, "call"), step["call"])
    undo = step.get("undo")
    if isinstance(undo, dict) and isinstance(undo.get("call"), dict):
        yield from _call_changes((*path, "undo", "call"), undo["call"])
    yield from _policy_changes((*path, "on_failure"), step.get("on_failure"))
    yield from _event_changes((*path, "event"), step.get("event"))
    yield from _task_changes((*path, "manual"), step.get("manual"))
    for key in ("sla", "wait", "start"):
        for name, value in _items(step.get(key)):
            yield from _time_changes((*path, key, name), value)
    escalate = (step.get("sla") or {}).get("escalate") if isinstance(step.get("sla"), dict) else None
    if escalate is not None:
        yield FaultKind.TASK, (*path, "sla", "escalate"), "someone_else", "escalates to someone_else"


_LOST = {
    "undo": (FaultKind.UNDO, "no undo"),
    "on_change": (FaultKind.CHANGE, "no on_change"),
    "point_of_no_return": (FaultKind.NO_RETURN, "no point of no return"),
    "fail_when": (FaultKind.POLICY, "no fail_when"),
    "on_failure": (FaultKind.POLICY, "no on_failure"),
    "start": (FaultKind.TIME, "starts at once"),
    "sla": (FaultKind.TIME, "no sla"),
    "output": (FaultKind.VALUE, "no output"),
}
"""Key of a step → what it is to lose it."""


def _lost_keys(path: KeyPath, step: dict[str, Any]) -> Found:
    for key, (kind, what) in _LOST.items():
        if key in step:
            yield kind, (*path, key), REMOVED, what


def _call_changes(path: KeyPath, call: dict[str, Any]) -> Found:
    method = next((each for each in HTTP_METHODS if each in call), None)
    if method is not None:
        yield FaultKind.CALL, (*path, method), f"{call[method]}s", f"{method.upper()} {call[method]}s"
    body = call.get("body")
    if isinstance(body, dict):
        for name, value in body.items():
            yield FaultKind.BODY, (*path, "body", name), REMOVED, f"body without {name}"
            if isinstance(value, str):
                yield FaultKind.BODY, (*path, "body", name), "wrong", f"{name} is wrong"
    for key in ("callback", "poll"):
        for name, value in _items(call.get(key)):
            if name != "every":
                yield from _time_changes((*path, key, name), value)


def _policy_changes(path: KeyPath, policy: Any) -> Found:
    if not isinstance(policy, list):
        return
    for at, entry in enumerate(policy):
        if len(policy) > 1:
            yield FaultKind.POLICY, (*path, at), REMOVED, f"no entry for {entry.get('code', 'other codes')}"
        if isinstance(entry.get("max"), int):
            yield FaultKind.POLICY, (*path, at, "max"), entry["max"] + 1, f"max {entry['max'] + 1}"
        if "queue" in entry:
            yield FaultKind.POLICY, (*path, at, "queue"), "someone_else", "queue someone_else"
    if len(policy) > 1 and policy[0] != policy[-1]:
        yield FaultKind.POLICY, path, policy[::-1], "entries in reverse order"


def _event_changes(path: KeyPath, event: Any) -> Found:
    if not isinstance(event, dict):
        return
    yield FaultKind.EVENT, (*path, "name"), "something_else", "waits for something_else"
    if "key" in event:
        yield FaultKind.EVENT, (*path, "key"), "wrong", "waits for a wrong key"
    for name, value in event.items():
        yield from _time_changes((*path, name), value)


def _task_changes(path: KeyPath, manual: Any) -> Found:
    if not isinstance(manual, dict):
        return
    yield FaultKind.TASK, (*path, "queue"), "someone_else", "queue someone_else"
    for name, field in _items(manual.get("form")):
        if field.get("required") is True:
            yield FaultKind.TASK, (*path, "form", name, "required"), False, f"{name} not required"


def _retry_changes(data: dict[str, Any]) -> Found:
    if isinstance(data.get("max_attempts"), int):
        yield FaultKind.POLICY, ("max_attempts",), data["max_attempts"] - 1, "one attempt fewer"
    for at in range(len(data.get("intervals") or ())):
        yield FaultKind.POLICY, ("intervals", at), REMOVED, "one interval fewer"
    yield from _lost_entries(FaultKind.POLICY, ("give_up_on",), data.get("give_up_on"), "give_up_on")
    for name in ("initial", "max_interval"):
        if name in data:
            yield from _time_changes((name,), data[name])


def _condition_changes(path: KeyPath, owner: dict[str, Any]) -> Found:
    if "when" in owner:
        yield FaultKind.CONDITION, (*path, "when"), REMOVED, "always"
        yield FaultKind.CONDITION, (*path, "when"), f"!({owner['when']})", "the opposite"


def _time_changes(path: KeyPath, value: Any) -> Found:
    if not isinstance(value, str):
        return
    try:
        seconds = parse_duration(value).total_seconds()
    except ValueError:
        return
    if seconds:
        yield FaultKind.TIME, path, f"{int(seconds * 2)}s", f"{path[-1]} twice as long"


def _lost_references(path: KeyPath, references: Any) -> Found:
    yield from _lost_entries(FaultKind.DEPENDENCY, path, references, str(path[-1]))


def _lost_entries(kind: FaultKind, path: KeyPath, entries: Any, name: str) -> Found:
    if isinstance(entries, list):
        for at, entry in enumerate(entries):
            yield kind, (*path, at), REMOVED, f"{name} without {entry}"
    elif entries is not None:
        yield kind, path, REMOVED, f"no {name} {entries}"


def _items(mapping: Any) -> Iterable[tuple[str, Any]]:
    return mapping.items() if isinstance(mapping, dict) else ()

"""One change in a sentence, in the words of the business: attributes, lines, steps, policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compiler.diff.change import Change, ChangeKind, Effect, Severity
from compiler.language.http_words import HTTP_METHODS
from views.diff.attribute_words import declaration_words, key_words
from views.diff.definition_outline import rule_conditions, rule_label
from views.diff.step_words import Quote, quoted_value, step_work
from views.diff.values import value_texts

KIND_NOUNS = {
    "commercial_product": "offer",
    "technical_product": "technical product",
    "product_class": "class",
    "workstream": "workstream",
    "system": "system",
    "receiver": "receiver",
    "retry": "retry policy",
}
SEVERITY_WORDS = {
    Severity.BREAKING: "breaking",
    Severity.BEHAVIOUR: "behaviour",
    Severity.COSMETIC: "cosmetic",
    Severity.NEW: "new",
}
EFFECT_WORDS = {
    Effect.REJECTS_ORDERS: "orders that were valid are rejected",
    Effect.UNDOES_WORK: "an amendment of a running order undoes work",
    Effect.REDOES_WORK: "an amendment of a running order does the work again",
    Effect.RUNNING_ORDERS: "at once, also for running orders",
    Effect.NONE: "",
}
_ACTION_WORDS = {"no_change": "unchanged"}


def backticks(text: str) -> str:
    return f"`{text}`"


def describe(change: Change, quote: Quote = backticks) -> str:
    """The change in one sentence, without its severity and its effect."""
    if not change.path:
        return _describe_definition(change, quote)
    area = _AREAS.get(change.path[0], _describe_other)
    return area(change, quote)


def _describe_definition(change: Change, quote: Quote) -> str:
    noun = KIND_NOUNS[change.subject.kind]
    if change.kind is ChangeKind.RENAMED:
        return f"the {noun} has another id: {quote(str(change.before))} is now {quote(str(change.after))}"
    return f"the {noun} is {'new' if change.kind is ChangeKind.ADDED else 'gone'}"


def _turn(change: Change, quote: Quote) -> str:
    """`2 → 3`, `now 3`, `no longer 2`."""
    if change.before is None:
        return f"now {quoted_value(change.after, quote)}"
    if change.after is None:
        return f"no longer {quoted_value(change.before, quote)}"
    before, after = value_texts(change.before, change.after)
    return f"{quote(before)} → {quote(after)}"


def _describe_attribute(change: Change, quote: Quote) -> str:
    name, rest = change.path[1], change.path[2:]
    label = f"attribute {quote('.'.join([name, *_nested_names(rest)]))}"
    rest = tuple(rest[len(rest) - len(_own_part(rest)) :])
    if not rest:
        if change.kind is ChangeKind.RENAMED:
            return f"attribute {quote(str(change.before))} is now called {quote(str(change.after))}"
        if change.kind is ChangeKind.REMOVED:
            return f"{label} is gone"
        return f"{label} is new: {declaration_words(change.after, quote)}"
    if rest[0] == "enum" and len(rest) == 2:
        is_gone = change.kind is ChangeKind.REMOVED
        value = quoted_value(change.before if is_gone else change.after, quote)
        return f"{label} {'no longer' if is_gone else 'also'} allows {value}"
    if rest[0] == "enum" and isinstance(change.after or change.before, dict):
        allowed = ", ".join(quoted_value(one, quote) for one in (change.after or change.before).values())
        return f"{label} allows only {allowed}" if change.after else f"{label} allows any value, not only {allowed}"
    if rest == ("required",):
        return f"{label} is {'now' if change.after else 'no longer'} required"
    return f"{label}: {key_words(rest)} {_turn(change, quote)}"


def _nested_names(path: Sequence[str]) -> list[str]:
    """The names of properties on the way, `[]` for items."""
    names: list[str] = []
    while len(path) > 1 and path[0] in ("items", "properties"):
        names.append("[]" if path[0] == "items" else path[1])
        path = path[1:] if path[0] == "items" else path[2:]
    return names


def _own_part(path: Sequence[str]) -> Sequence[str]:
    while len(path) > 1 and path[0] in ("items", "properties"):
        path = path[1:] if path[0] == "items" else path[2:]
    return path


def _describe_rule(change: Change, quote: Quote) -> str:
    if change.kind is ChangeKind.MOVED:
        return f"the lines are made in another order: {', '.join(quote(str(one)) for one in change.after)}"
    label = rule_label(change.path[1], quote)
    brings = "contains" if change.path[0] == "components" else "becomes"
    if len(change.path) == 2:
        if change.kind is ChangeKind.REMOVED:
            return f"an order line no longer {brings} {label}"
        return f"an order line also {brings} {label}{rule_conditions(change.after, quote)}"
    key, rest = change.path[2], change.path[3:]
    if key == "when":
        was, now = _condition(change.before, quote), _condition(change.after, quote)
        return f"an order line {brings} {label} {now}, before {was}"
    if key == "actions":
        verb = "no longer" if change.kind is ChangeKind.REMOVED else "also"
        return f"{label} is {verb} for {quote(_action(rest[-1]))} lines"
    if key == "attributes" and rest:
        return f"{label} gets {quote('.'.join(rest))}: {_turn(change, quote)}"
    return f"{label}: {key_words(change.path[2:])} {_turn(change, quote)}"


def _condition(condition: Any, quote: Quote) -> str:
    return "always" if condition is None else f"if {quote(str(condition))}"


def _action(action: str) -> str:
    return _ACTION_WORDS.get(action, action)


def _describe_step(change: Change, quote: Quote) -> str:
    label = f"step {quote(change.path[1])}"
    if len(change.path) == 2:
        if change.kind is ChangeKind.RENAMED:
            return f"step {quote(str(change.before))} is now called {quote(str(change.after))}"
        if change.kind is ChangeKind.REMOVED:
            return f"{label} is gone: {_step_summary(change.before, quote)}"
        return f"{label} is new: {_step_summary(change.after, quote)}"
    key, rest = change.path[2], change.path[3:]
    if key == "after":
        return f"{label} {_waits(change, rest, quote)}"
    if key == "actions" and rest:
        verb = "no longer" if change.kind is ChangeKind.REMOVED else "also"
        return f"{label} is {verb} for {quote(_action(rest[-1]))} lines"
    if key == "when":
        was, now = _condition(change.before, quote), _condition(change.after, quote)
        return f"{label} is done {now}, before {was}"
    if key == "point_of_no_return":
        return f"{label} is {'now' if change.after else 'no longer'} a point of no return"
    if key == "on_failure":
        return f"{label}: after a failure {_turn(change, quote)}"
    if key == "undo" and not rest:
        if change.after is None:
            return f"{label} can no longer be undone"
        return f"{label} can now be undone: {_step_summary(change.after, quote)}"
    return f"{label}: {_step_key(change.path[2:])} {_turn(change, quote)}"


def _waits(change: Change, rest: Sequence[str], quote: Quote) -> str:
    named = [rest[0]] if rest else list(change.after or change.before)
    listed = ", ".join(quote(one) for one in named)
    return f"{'no longer waits' if change.after is None else 'now also waits'} for {listed}"


def _step_key(path: Sequence[str]) -> str:
    """`body hours`, `call POST` for the path of a call, `undo body amount`."""
    words = [part.upper() if part in HTTP_METHODS else part.replace("_", " ") for part in path]
    if words[:1] == ["call"] and len(words) > 1:
        words = words[1:] if words[1] in ("body", "query", "headers") else words
    return " ".join(words)


def _step_summary(step: Any, quote: Quote) -> str:
    """`POST /shipments of logistics, after ship`."""
    after = ", ".join(quote(one) for one in step.get("after", {}))
    return f"{step_work(step, quote)}, after {after}" if after else step_work(step, quote)


def _describe_dependency(change: Change, quote: Quote) -> str:
    return f"{quote(change.path[1])} {_waits(change, change.path[2:], quote)}"


def _describe_let(change: Change, quote: Quote) -> str:
    if len(change.path) == 1:
        names = change.after or change.before
        return f"named values {'are new' if change.after else 'are gone'}: {quoted_value(names, quote)}"
    return f"value {quote(f'let.{change.path[1]}')}: {_turn(change, quote)}"


def _describe_served(change: Change, quote: Quote) -> str:
    return f"{'no longer' if change.kind is ChangeKind.REMOVED else 'also'} serves {quote(change.path[-1])}"


def _describe_no_work(change: Change, quote: Quote) -> str:
    lines = f"{quote(_action(change.path[-1]))} lines"
    return f"{lines} need a step now" if change.kind is ChangeKind.REMOVED else f"{lines} need no step any more"


def _describe_events(change: Change, quote: Quote) -> str:
    return f"{'no longer' if change.kind is ChangeKind.REMOVED else 'also'} told of {quote(change.path[-1])}"


def _describe_example(change: Change, _quote: Quote) -> str:
    verb = "is new" if change.before is None else "is gone" if change.after is None else "has changed"
    return f"what it answers when it is pretended {verb}"


def _describe_other(change: Change, quote: Quote) -> str:
    if change.path == ("when",):
        return f"applies {_condition(change.after, quote)}, before {_condition(change.before, quote)}"
    return f"{key_words(change.path)} {_turn(change, quote)}"


_AREAS: Mapping[str, Callable[[Change, Quote], str]] = {
    "attributes": _describe_attribute,
    "decomposes_to": _describe_rule,
    "components": _describe_rule,
    "steps": _describe_step,
    "dependencies": _describe_dependency,
    "let": _describe_let,
    "for": _describe_served,
    "no_work_for": _describe_no_work,
    "events": _describe_events,
    "example": _describe_example,
}

"""Conditions that can never hold, by what the attributes declare and the actions that a line can have."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from compiler.catalogue.definition_index import Group, Survey
from compiler.catalogue.definitions import Entry
from compiler.cel.syntax_tree import Node, Path, UnparsableError, literal_of, parse, path_of
from compiler.checks.line_actions import EVERY, rule_actions
from compiler.language.attributes import Attribute, AttributeType
from compiler.language.documents import CommercialProductDocument, ProductClassDocument, ProductDocument
from compiler.language.steps import Action
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean, finding_at


class Range(NamedTuple):
    """What a name may be: one of `values`, or a number from `least` to `most`; None where nothing is known."""

    values: tuple[Any, ...] | None = None
    least: float | None = None
    most: float | None = None


Known = Mapping[Path, Range]


class Standing(NamedTuple):
    """A condition where it stands, and what is known of the names in it."""

    entry: Entry[Any]
    path: KeyPath
    condition: str
    known: Known


def check(survey: Survey) -> Iterator[Finding]:
    for standing in _conditions(survey):
        try:
            tree = parse(standing.condition)
        except UnparsableError:
            continue
        reasons = list(_impossible(tree, standing.known))
        for offset, reason in reasons:
            place = standing.entry.document.place_in(standing.path, offset)
            yield finding_at(place, "condition-never", f"this never holds: {reason}", "warning")
        if not reasons and verdict(tree, standing.known) is False:
            message = "this condition never holds: what it stands at never happens"
            yield standing.entry.finding("condition-never", standing.path, message, severity="warning")


def _conditions(survey: Survey) -> Iterator[Standing]:
    products: list[Entry[ProductDocument] | Entry[ProductClassDocument]] = [*survey.definitions.products.values()]
    for entry in [*products, *survey.definitions.classes.values()]:
        model = entry.model
        declared = [survey.attributes.get(model.id, model.attributes)]
        if isinstance(model, ProductClassDocument):
            heirs = survey.of_class.get(model.id, ())
            declared = [model.attributes, *(survey.attributes[product] for product in heirs)]
        for position, rule in enumerate(model.decomposes_to):
            if rule.when is not None:
                known = known_of(declared, rule_actions(rule))
                yield Standing(entry, ("decomposes_to", position, "when"), rule.when, known)
        if isinstance(model, CommercialProductDocument):
            for position, component in enumerate(model.components):
                if component.when is not None:
                    known = known_of(declared, EVERY)
                    yield Standing(entry, ("components", position, "when"), component.when, known)
    for group in survey.groups.values():
        yield from _of_group(survey, group)


def _of_group(survey: Survey, group: Group) -> Iterator[Standing]:
    declared = [survey.attributes[product] for product in group.products]
    if not group.own and group.entry.model.when is not None:
        actions = frozenset(action for step in group.steps for action in group.actions_of(step))
        yield Standing(group.entry, ("when",), group.entry.model.when, known_of(declared, actions))
    for step, definition in group.steps.items():
        if definition.when is not None:
            known = known_of(declared, group.actions_of(step))
            yield Standing(group.entry, ("steps", step, "when"), definition.when, known)


def known_of(declared: list[Mapping[str, Attribute]], actions: frozenset[Action]) -> Known:
    """What is known of `attributes.…` and `action` of a line of any of these products."""
    known: dict[Path, Range] = {("action",): Range(tuple(sorted(actions)))}
    for name in declared[0] if declared else ():
        found = [attributes[name] for attributes in declared if name in attributes]
        if len(found) < len(declared):
            continue
        if all(one.enum is not None for one in found):
            known["attributes", name] = Range(tuple(value for one in found for value in one.enum or ()))
        elif all(one.type in (AttributeType.INTEGER, AttributeType.NUMBER) for one in found):
            least = [one.minimum for one in found]
            most = [one.maximum for one in found]
            known["attributes", name] = Range(
                None,
                min((one for one in least if one is not None), default=None) if None not in least else None,
                max((one for one in most if one is not None), default=None) if None not in most else None,
            )
    return known


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "_==_": operator.eq,
    "_!=_": operator.ne,
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}
_MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}


def verdict(node: Node, known: Known) -> bool | None:
    """True or False where `node` is certainly that, None where it depends."""
    if node.kind == "literal":
        return bool(node.value) if node.name == "bool" else None
    if node.kind != "call":
        return None
    if node.name == "!_":
        inner = verdict(node.children[0], known)
        return None if inner is None else not inner
    if node.name in ("_&&_", "_||_"):
        deciding = node.name == "_||_"
        sides = [verdict(child, known) for child in node.children]
        if deciding in sides:
            return deciding
        return None if None in sides else not deciding
    if node.name == "_?_:_":
        yes, no = (verdict(child, known) for child in node.children[1:])
        return yes if yes is no else None
    return _compared(node, known)


def _compared(node: Node, known: Known) -> bool | None:
    if node.name == "@in":
        subject, choices = path_of(node.children[0]), node.children[1]
        if subject is None or choices.kind != "list":
            return None
        listed = [literal_of(choice) for choice in choices.children]
        values = known.get(subject, Range()).values
        if values is None or None in listed:
            return None
        return _agreed({any(_same(value, one) for one in listed) for value in values})
    if node.name not in _COMPARISONS or len(node.children) != 2:
        return None
    left, right = node.children
    name = node.name
    if left.kind == "literal" and right.kind != "literal":
        left, right, name = right, left, _MIRRORED.get(name, name)
    value = literal_of(right)
    if value is None:
        return None
    compare = _COMPARISONS[name]
    if left.kind == "literal":
        return _holds(compare, literal_of(left), value)
    subject = path_of(left) or ()
    about = known.get(subject, Range())
    if about.values is not None:
        return _agreed({_holds(compare, one, value) for one in about.values})
    return _in_range(name, about, value)


def _same(value: Any, other: Any) -> bool:
    return isinstance(value, str) == isinstance(other, str) and bool(value == other)


def _holds(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool | None:
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        return None
    try:
        return compare(left, right)
    except TypeError:
        return None


def _agreed(outcomes: set[bool | None]) -> bool | None:
    return next(iter(outcomes)) if len(outcomes) == 1 else None


def _in_range(name: str, about: Range, value: Any) -> bool | None:
    if isinstance(value, bool | str) or (about.least is None and about.most is None):
        return None
    least = float("-inf") if about.least is None else about.least
    most = float("inf") if about.most is None else about.most
    if name in ("_==_", "_!=_"):
        return (name == "_!=_") if not least <= value <= most else None
    return _agreed({_COMPARISONS[name](least, value), _COMPARISONS[name](most, value)})


def _impossible(node: Node, known: Known) -> Iterator[tuple[int, str]]:
    """Comparisons with a value that there is not, wherever they stand in the condition: most are slips of the pen."""
    for child in node.children:
        yield from _impossible(child, known)
    if node.kind != "call" or node.name not in ("_==_", "@in"):
        return
    left, right = node.children
    if left.kind == "literal" and node.name == "_==_":
        left, right = right, left
    subject = path_of(left)
    if subject is None:
        return
    values = known.get(subject, Range()).values or ()
    texts = [one for one in values if isinstance(one, str)]
    for one in right.children if right.kind == "list" else (right,):
        value = literal_of(one)
        if isinstance(value, str) and texts and value not in texts:
            spelled, allowed = ".".join(subject), ", ".join(dict.fromkeys(texts))
            yield one.offset, f"`{spelled}` is {allowed} here, and never `{value[:60]}`{did_you_mean(value, texts)}"

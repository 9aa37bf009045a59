"""Checks for conditions that are never or always true, given declared attributes and possible line actions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.cel.syntax_tree import ExpressionNode, Path, UnparsableError, literal_value, node_path, parse_expression
from compiler.checks.steps.line_actions import ALL_ACTIONS, rule_actions
from compiler.language.attributes import Attribute, AttributeType
from compiler.language.documents import CommercialProductDocument, ProductClassDocument, ProductDocument
from compiler.language.steps import LineAction, StepDefinition
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean, finding_at
from compiler.values import as_text


class KnownRange(NamedTuple):
    """The values that a name can have: one of `values`, or a number in a range; None if unknown."""

    values: tuple[Any, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None


KnownRanges = Mapping[Path, KnownRange]
AttributeSet = Mapping[str, Attribute]
RuleOwner = DefinitionEntry[ProductDocument] | DefinitionEntry[ProductClassDocument]
T = TypeVar("T")


class ConditionSite(NamedTuple):
    """A condition, its position, and what is known about the names in it."""

    entry: DefinitionEntry[Any]
    path: KeyPath
    condition: str
    known: KnownRanges


def check(index: DefinitionIndex) -> Iterator[Finding]:
    products: list[RuleOwner] = [*index.definitions.products.values()]
    for entry in [*products, *index.definitions.classes.values()]:
        declared = _declared_attributes(index, entry.model)
        yield from entry.cached_findings("conditions of rules", declared, partial(_check, _conditions, entry, declared))
    for group in index.step_groups.values():
        declared = [index.product_attributes[product] for product in group.products]
        check_group = partial(_check, _group_conditions, group, declared)
        yield from group.entry.cached_findings("conditions of steps", declared, check_group)


def _check(
    conditions: Callable[[T, list[AttributeSet]], Iterator[ConditionSite]], of: T, declared: list[AttributeSet]
) -> Iterator[Finding]:
    """`declared`: the attributes of each product that the conditions are for."""
    for site in conditions(of, declared):
        try:
            tree = parse_expression(site.condition)
        except UnparsableError:
            continue
        reasons = list(_impossible_comparisons(tree, site.known))
        for offset, code, reason in reasons:
            yield finding_at(site.entry.document.location_in_text(site.path, offset), code, reason, "warning")
        if reasons:
            continue
        if evaluate_statically(tree, site.known) is False:
            message = "this condition is never true, so what depends on it never happens"
            yield site.entry.finding("condition-never", site.path, message, severity="warning")
            continue
        for node in _always_true(tree, site.known):
            location = site.entry.document.location_in_text(site.path, _first_offset(node))
            message = f"this is always true{_reason(node, site.known)}: omit it"
            yield finding_at(location, "condition-always", message, "warning")


def _always_true(node: ExpressionNode, known_ranges: KnownRanges) -> Iterator[ExpressionNode]:
    """The whole condition, or those of its parts joined by `&&` that are always true."""
    if evaluate_statically(node, known_ranges) is True:
        yield node
    elif node.kind == "call" and node.name == "_&&_":
        for child in node.children:
            yield from _always_true(child, known_ranges)


def _first_offset(node: ExpressionNode) -> int:
    return min([node.offset, *(_first_offset(child) for child in node.children)])


def _reason(node: ExpressionNode, known_ranges: KnownRanges) -> str:
    """What is known about the only name that a comparison reads."""
    paths = [path for child in node.children if (path := node_path(child)) in known_ranges]
    if len(paths) != 1 or paths[0] is None:
        return ""
    name, known = ".".join(paths[0]), known_ranges[paths[0]]
    if known.values is not None:
        return f", since `{name}` is {', '.join(as_text(value) for value in dict.fromkeys(known.values))} here"
    limits = [f"at least {as_text(known.minimum)}"] if known.minimum is not None else []
    limits += [f"at most {as_text(known.maximum)}"] if known.maximum is not None else []
    return f", since `{name}` is {' and '.join(limits)}"


def _declared_attributes(index: DefinitionIndex, model: ProductDocument | ProductClassDocument) -> list[AttributeSet]:
    if not isinstance(model, ProductClassDocument):
        return [index.product_attributes[model.id]]
    heirs = index.products_by_class.get(model.id, ())
    return [model.attributes, *(index.product_attributes[product] for product in heirs)]


def _conditions(entry: RuleOwner, declared: list[AttributeSet]) -> Iterator[ConditionSite]:
    model = entry.model
    for position, rule in enumerate(model.decomposes_to):
        if rule.when is not None:
            known_ranges = collect_known_ranges(declared, rule_actions(rule))
            yield ConditionSite(entry, ("decomposes_to", position, "when"), rule.when, known_ranges)
    if isinstance(model, CommercialProductDocument):
        for position, component in enumerate(model.components):
            if component.when is not None:
                known_ranges = collect_known_ranges(declared, ALL_ACTIONS)
                yield ConditionSite(entry, ("components", position, "when"), component.when, known_ranges)


def _group_conditions(group: StepGroup, declared: list[AttributeSet]) -> Iterator[ConditionSite]:
    if not group.is_inline and group.entry.model.when is not None:
        actions = group.actions_of_steps()
        yield ConditionSite(group.entry, ("when",), group.entry.model.when, collect_known_ranges(declared, actions))
    for step, definition in group.steps.items():
        conditions = list(_step_conditions(definition))
        known_ranges = collect_known_ranges(declared, group.line_actions(step)) if conditions else {}
        for path, condition in conditions:
            yield ConditionSite(group.entry, ("steps", step, *path), condition, known_ranges)


def _step_conditions(definition: StepDefinition) -> Iterator[tuple[KeyPath, str]]:
    if definition.when is not None:
        yield ("when",), definition.when
    if definition.wait is not None and definition.wait.condition is not None:
        yield ("wait", "condition"), definition.wait.condition
    if definition.event is not None and definition.event.match is not None:
        yield ("event", "match"), definition.event.match
    for position, failure in enumerate(definition.fail_when):
        yield ("fail_when", position, "if"), failure.if_


def collect_known_ranges(attribute_sets: list[AttributeSet], actions: frozenset[LineAction]) -> KnownRanges:
    """What is known about `attributes.…` and `action` of a line of any of these products."""
    known_ranges: dict[Path, KnownRange] = {("action",): KnownRange(tuple(sorted(actions)))}
    for name in attribute_sets[0] if attribute_sets else ():
        found = [attributes[name] for attributes in attribute_sets if name in attributes]
        if len(found) < len(attribute_sets):
            continue
        if all(one.enum is not None for one in found):
            known_ranges["attributes", name] = KnownRange(tuple(value for one in found for value in one.enum or ()))
        elif all(one.type in (AttributeType.INTEGER, AttributeType.NUMBER) for one in found):
            least = [one.minimum for one in found]
            most = [one.maximum for one in found]
            low = min((one for one in least if one is not None), default=None) if None not in least else None
            high = max((one for one in most if one is not None), default=None) if None not in most else None
            if low is None or high is None or low <= high:
                known_ranges["attributes", name] = KnownRange(None, low, high)
    return known_ranges


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "_==_": operator.eq,
    "_!=_": operator.ne,
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}
_MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}


def evaluate_statically(node: ExpressionNode, known_ranges: KnownRanges) -> bool | None:
    """Whether `node` is certainly true or certainly false; None if it depends."""
    if node.kind == "literal":
        return bool(node.value) if node.name == "bool" else None
    if node.kind != "call":
        return None
    if node.name == "!_":
        inner = evaluate_statically(node.children[0], known_ranges)
        return None if inner is None else not inner
    if node.name in ("_&&_", "_||_"):
        deciding = node.name == "_||_"
        sides = [evaluate_statically(child, known_ranges) for child in node.children]
        if deciding in sides:
            return deciding
        return None if None in sides else not deciding
    if node.name == "_?_:_":
        yes, no = (evaluate_statically(child, known_ranges) for child in node.children[1:])
        return yes if yes is no else None
    return _evaluate_comparison(node, known_ranges)


def _evaluate_comparison(node: ExpressionNode, known_ranges: KnownRanges) -> bool | None:
    if node.name == "@in":
        subject, choices = node_path(node.children[0]), node.children[1]
        if subject is None or choices.kind != "list":
            return None
        listed = [literal_value(choice) for choice in choices.children]
        values = known_ranges.get(subject, KnownRange()).values
        if values is None or None in listed:
            return None
        return _common_outcome({any(_are_equal(value, one) for one in listed) for value in values})
    if node.name not in _COMPARISONS or len(node.children) != 2:
        return None
    left, right = node.children
    name = node.name
    if left.kind == "literal" and right.kind != "literal":
        left, right, name = right, left, _MIRRORED.get(name, name)
    value = literal_value(right)
    if value is None:
        return None
    compare = _COMPARISONS[name]
    if left.kind == "literal":
        return _compare_values(compare, literal_value(left), value)
    subject = node_path(left) or ()
    known = known_ranges.get(subject, KnownRange())
    if known.values is not None:
        return _common_outcome({_compare_values(compare, one, value) for one in known.values})
    return _compare_range(name, known, value)


def _are_equal(value: Any, other: Any) -> bool:
    return isinstance(value, str) == isinstance(other, str) and bool(value == other)


def _compare_values(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool | None:
    if isinstance(left, bool) != isinstance(right, bool) or isinstance(left, str) != isinstance(right, str):
        return None
    try:
        return compare(left, right)
    except TypeError:
        return None


def _common_outcome(outcomes: set[bool | None]) -> bool | None:
    return next(iter(outcomes)) if len(outcomes) == 1 else None


def _compare_range(operator_name: str, known: KnownRange, value: Any) -> bool | None:
    if isinstance(value, bool | str) or (known.minimum is None and known.maximum is None):
        return None
    least = float("-inf") if known.minimum is None else known.minimum
    most = float("inf") if known.maximum is None else known.maximum
    if operator_name in ("_==_", "_!=_"):
        return (operator_name == "_!=_") if not least <= value <= most else None
    return _common_outcome({_COMPARISONS[operator_name](least, value), _COMPARISONS[operator_name](most, value)})


def _impossible_comparisons(node: ExpressionNode, known_ranges: KnownRanges) -> Iterator[tuple[int, str, str]]:
    """Offset, code and message of each comparison with a value that does not exist: most are typing errors."""
    for child in node.children:
        yield from _impossible_comparisons(child, known_ranges)
    if node.kind != "call" or node.name not in ("_==_", "_!=_", "@in"):
        return
    left, right = node.children
    if left.kind == "literal" and node.name != "@in":
        left, right = right, left
    subject = node_path(left)
    if subject is None:
        return
    values = known_ranges.get(subject, KnownRange()).values or ()
    texts = [one for one in values if isinstance(one, str)]
    for one in right.children if right.kind == "list" else (right,):
        value = literal_value(one)
        if isinstance(value, str) and texts and value not in texts:
            spelled, allowed = ".".join(subject), ", ".join(dict.fromkeys(texts))
            code, fact = ("condition-always", "always") if node.name == "_!=_" else ("condition-never", "never")
            reason = f"`{spelled}` is {allowed} here, and never `{value[:60]}`{did_you_mean(value, texts)}"
            yield one.offset, code, f"this is {fact} true: {reason}"

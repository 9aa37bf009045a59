"""Merges the contributions of several rules to one fulfilment line: its quantity, action and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import without_constraints
from compiler.decomposition.apply_rule import Contribution
from compiler.decomposition.compile_context import location_suffix
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import QuantityMerge
from compiler.language.steps import ACTIONS_NEEDING_ATTRIBUTES, LineAction
from compiler.plan.plan import PreviousState
from compiler.values import INT64_RANGE, format_value, normalize_number

Problem = tuple[str, str]
"""A finding's code, and a phrase that follows the line's id."""


@dataclass(slots=True)
class MergedLine:
    action: LineAction
    quantity: int | float
    attributes: dict[str, Any] = field(default_factory=dict)
    previous: PreviousState | None = None
    problems: list[Problem] = field(default_factory=list)


class _MergeError(Exception):
    """The contributions to an attribute give no valid value."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems


def merge_contributions(
    product: Product, contributions: Sequence[Contribution], defaults: Mapping[str, Any]
) -> MergedLine:
    """Merges contributions into one line. They come in line order. A contribution of a deleted line counts only if all
    contributions come from deleted lines."""
    action = merge_actions(one.source.line.action for one in contributions)
    counting = [one for one in contributions if one.source.line.action is not LineAction.DELETE] or contributions
    merged = MergedLine(action, merge_quantities(product.merged_quantity, [one.quantity for one in counting]))
    if isinstance(merged.quantity, int) and merged.quantity not in INT64_RANGE:
        merged.problems.append(("quantity-invalid", "has a quantity that is too large to compute with"))
    for name, attribute in sorted(product.attributes.items()):
        setting = [one for one in counting if name in one.attributes]
        value = defaults.get(name)
        try:
            value = _merge_values(name, attribute, setting) if setting else value
        except _MergeError as error:
            merged.problems += error.problems
        if value is not None:
            merged.attributes[name] = value
        elif attribute.required and not setting and action in ACTIONS_NEEDING_ATTRIBUTES:
            where = location_suffix(contributions[0].rule.location)
            merged.problems.append(("attribute-missing", f"needs the attribute `{name}`, and no rule{where} gives it"))
    merged.previous = _merge_previous(product, contributions, defaults)
    return merged


def merge_actions(actions: Iterable[LineAction]) -> LineAction:
    """Ignores lines without a change, unless no line changes. If the actions are equal, the result is that action. If
    they differ, the result is `modify`."""
    changing = set(actions) - {LineAction.NO_CHANGE}
    if not changing:
        return LineAction.NO_CHANGE
    return changing.pop() if len(changing) == 1 else LineAction.MODIFY


def merge_quantities(method: QuantityMerge, quantities: Sequence[int | float]) -> int | float:
    if method == "one":
        return 1
    if len(quantities) == 1:
        return quantities[0]
    if method == "max":
        return normalize_number(max(quantities))
    if all(isinstance(quantity, int) for quantity in quantities):
        return sum(quantities)
    return normalize_number(float(sum(Decimal(repr(quantity)) for quantity in quantities)))  # 0.1 + 0.2 is 0.3


def _merge_values(name: str, attribute: Attribute, contributions: Sequence[Contribution]) -> Any:
    """The attribute's value from the contributions that set it. Raises _MergeError."""
    first = contributions[0]
    if attribute.merge == "list":
        merged: Any = _concatenate(one.attributes[name] for one in contributions)
    elif len(contributions) == 1:
        merged = first.attributes[name]
    else:
        values = [_typed_value(name, attribute, one) for one in contributions]
        if attribute.merge == "first":
            ranks = [(one.rule.precedence, one.rank) for one in contributions]
            merged = values[ranks.index(min(ranks))]
        elif attribute.merge in ("min", "max", "sum"):
            merged = _aggregate(name, attribute, values)
        else:
            merged = values[0]
            for other, value in zip(contributions, values, strict=True):
                if value != merged:
                    message = (
                        f"gets two values for `{name}`: {format_value(merged)} from {_label(first)} and "
                        f"{format_value(value)} from {_label(other)}; make them agree, or give the attribute a `merge`"
                    )
                    raise _MergeError(("attribute-conflict", message))
    converted, problems = validate_value(attribute, merged)
    if problems:
        start = f"gets a `{name}` from {_label(first)} that"
        raise _MergeError(*(("attribute-misfit", f"{start} {problem}") for problem in problems))
    return converted


def _typed_value(name: str, attribute: Attribute, contribution: Contribution) -> Any:
    value, problems = validate_value(without_constraints(attribute), contribution.attributes[name])
    if problems:
        raise _MergeError(("attribute-misfit", f"gets a `{name}` from {_label(contribution)} that {problems[0]}"))
    return value


def _label(contribution: Contribution) -> str:
    return f"{contribution.source.label} by the rule{location_suffix(contribution.rule.location)}"


def _concatenate(values: Iterable[Any]) -> list[Any]:
    return [item for value in values for item in (value if isinstance(value, list | tuple) else [value])]


def _aggregate(name: str, attribute: Attribute, values: list[Any]) -> Any:
    try:
        if attribute.merge != "sum":
            return min(values) if attribute.merge == "min" else max(values)
        if attribute.type in (AttributeType.INTEGER, AttributeType.NUMBER):
            return sum(values)
    except TypeError:
        pass
    message = f"cannot take the `{attribute.merge}` of `{name}`: its values are of type {attribute.type}"
    raise _MergeError(("attribute-conflict", message))


def _merge_previous(
    product: Product, contributions: Sequence[Contribution], defaults: Mapping[str, Any]
) -> PreviousState | None:
    """Merges the previous states as merge_contributions merges the new ones. If two values disagree, the first wins."""
    known = [one.previous for one in contributions if one.previous is not None]
    if not known:
        return None
    attributes: dict[str, Any] = dict(defaults)
    for name, attribute in product.attributes.items():
        values = [previous.attributes[name] for previous in known if name in previous.attributes]
        if not values:
            continue
        value = values[0]
        if attribute.merge == "list":
            value = _concatenate(values)
        elif attribute.merge in ("min", "max", "sum"):
            with suppress(_MergeError):
                value = _aggregate(name, attribute, values)
        converted, problems = validate_value(without_constraints(attribute), value)
        if not problems:
            attributes[name] = converted
    quantities = [previous.quantity for previous in known]
    quantity = product.typed_quantity(merge_quantities(product.merged_quantity, quantities))
    return PreviousState(dict(sorted(attributes.items())), quantity)

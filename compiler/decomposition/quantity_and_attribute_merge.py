"""Where several contributions meet in one fulfilment line: its quantity, action and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import without_constraints
from compiler.decomposition.apply_rule import Contribution
from compiler.decomposition.order_lines import ACTIONS_NEEDING_ATTRIBUTES
from compiler.decomposition.rejections import location_suffix
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import QuantityMerge
from compiler.language.steps import LineAction
from compiler.plan.plan import PreviousState
from compiler.values import INT64_RANGE, format_value, normalize_number


@dataclass(slots=True)
class MergedLine:
    """What a fulfilment line is, and what is wrong with it (code and a phrase that continues its name)."""

    action: LineAction
    quantity: int | float
    attributes: dict[str, Any] = field(default_factory=dict)
    previous: PreviousState | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)


def merge_contributions(
    product: Product, contributions: Sequence[Contribution], defaults: Mapping[str, Any]
) -> MergedLine:
    """One line out of contributions, which come in line order. Deleting ones do not count unless all delete."""
    action = merge_actions(one.source.line.action for one in contributions)
    counting = [one for one in contributions if one.source.line.action is not LineAction.DELETE] or list(contributions)
    result = MergedLine(action, merge_quantities(product.merged_quantity, [one.quantity for one in counting]))
    if isinstance(result.quantity, int) and result.quantity not in INT64_RANGE:
        result.problems.append(("quantity-invalid", "has a quantity that is too large to compute with"))
    for name, attribute in sorted(product.attributes.items()):
        votes = [one for one in counting if name in one.attributes]
        value = _merge_values(name, attribute, votes, result.problems) if votes else None
        if value is not None:
            result.attributes[name] = value
        elif name in defaults:
            result.attributes[name] = defaults[name]
        elif attribute.required and action in ACTIONS_NEEDING_ATTRIBUTES and not votes:
            result.problems.append(("attribute-missing", _missing_message(name, contributions)))
    result.previous = _merge_previous(product, contributions, defaults)
    return result


def merge_actions(actions: Iterable[LineAction]) -> LineAction:
    """Lines that do not change are left out unless all are; alike ones stay what they are; a mixture modifies."""
    found = set(actions)
    changing = found - {LineAction.NO_CHANGE}
    if not changing:
        return LineAction.NO_CHANGE
    return changing.pop() if len(changing) == 1 else LineAction.MODIFY


def merge_quantities(method: QuantityMerge, quantities: Sequence[int | float]) -> int | float:
    if method == "one":
        return 1
    if len(quantities) == 1:
        return quantities[0]
    return normalize_number(max(quantities) if method == "max" else sum(quantities))


def _missing_message(name: str, contributions: Sequence[Contribution]) -> str:
    rule = contributions[0].rule
    return f"needs the attribute `{name}`, and no rule{location_suffix(rule.location)} gives it"


def _merge_values(
    name: str, attribute: Attribute, contributions: Sequence[Contribution], problems: list[tuple[str, str]]
) -> Any:
    """The value that the votes make together, as the attribute holds it; None where something is wrong."""
    if len(contributions) == 1 and attribute.merge != "list":
        return _validate(name, attribute, contributions[0].attributes[name], contributions, problems)
    if attribute.merge == "list":
        return _validate(
            name, attribute, _concatenate([one.attributes[name] for one in contributions]), contributions, problems
        )
    values = []
    for vote in contributions:
        value, wrong = validate_value(without_constraints(attribute), vote.attributes[name])
        if wrong:
            problems.append(("attribute-misfit", f"gets a `{name}` from {_contribution_label(vote)} that {wrong[0]}"))
            return None
        values.append(value)
    if attribute.merge == "first":
        ranked = sorted(
            range(len(contributions)), key=lambda at: (contributions[at].rule.precedence, contributions[at].rank)
        )
        return _validate(name, attribute, values[ranked[0]], contributions, problems)
    if attribute.merge in ("min", "max", "sum"):
        return _validate(name, attribute, _aggregate(name, attribute, values, problems), contributions, problems)
    for vote, value in zip(contributions, values, strict=True):
        if value != values[0]:
            message = (
                f"gets two values for `{name}`: {format_value(values[0])} from "
                f"{_contribution_label(contributions[0])} and {format_value(value)} from "
                f"{_contribution_label(vote)}; make them agree, or give the attribute a `merge`"
            )
            problems.append(("attribute-conflict", message))
            return None
    return _validate(name, attribute, values[0], contributions, problems)


def _contribution_label(contribution: Contribution) -> str:
    return f"{contribution.source.label} by the rule{location_suffix(contribution.rule.location)}"


def _concatenate(values: Iterable[Any]) -> list[Any]:
    joined: list[Any] = []
    for value in values:
        joined += value if isinstance(value, list | tuple) else [value]
    return joined


def _aggregate(name: str, attribute: Attribute, values: list[Any], problems: list[tuple[str, str]]) -> Any:
    try:
        if attribute.merge == "sum":
            if attribute.type not in (AttributeType.INTEGER, AttributeType.NUMBER):
                raise TypeError
            return sum(values)
        return min(values) if attribute.merge == "min" else max(values)
    except TypeError:
        message = f"cannot take the `{attribute.merge}` of `{name}`: its values are of type {attribute.type}"
        problems.append(("attribute-conflict", message))
        return None


def _validate(
    name: str, attribute: Attribute, value: Any, contributions: Sequence[Contribution], problems: list[tuple[str, str]]
) -> Any:
    if value is None:
        return None
    converted, wrong = validate_value(attribute, value)
    problems += [
        ("attribute-misfit", f"gets a `{name}` from {_contribution_label(contributions[0])} that {text}")
        for text in wrong
    ]
    return None if wrong else converted


def _merge_previous(
    product: Product, contributions: Sequence[Contribution], defaults: Mapping[str, Any]
) -> PreviousState | None:
    """What the line had before, as far as its sources say: merged likewise, the first of what does not agree."""
    known = [one for one in contributions if one.previous is not None]
    if not known:
        return None
    attributes: dict[str, Any] = dict(defaults)
    for name, attribute in product.attributes.items():
        values = [one.previous.attributes[name] for one in known if one.previous and name in one.previous.attributes]
        if not values:
            continue
        value = values[0]
        if attribute.merge == "list":
            value = _concatenate(values)
        elif attribute.merge in ("min", "max", "sum"):
            value = _aggregate(name, attribute, values, []) or value
        converted, wrong = validate_value(without_constraints(attribute), value)
        if not wrong:
            attributes[name] = converted
    quantities = [one.previous.quantity for one in known if one.previous]
    return PreviousState(dict(sorted(attributes.items())), merge_quantities(product.merged_quantity, quantities))

"""Where several contributions meet in one fulfilment line: its quantity, action and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import unlimited
from compiler.cel.evaluation import INTEGERS
from compiler.decomposition.order_lines import FILLED
from compiler.decomposition.rejections import where
from compiler.decomposition.rule_application import Contribution
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import MergedQuantity
from compiler.language.steps import Action
from compiler.orders.values import whole
from compiler.plan.plan import Previous
from compiler.source.findings import shown


@dataclass(slots=True)
class Merged:
    """What a fulfilment line is, and what is wrong with it (code and a phrase that continues its name)."""

    action: Action
    quantity: int | float
    attributes: dict[str, Any] = field(default_factory=dict)
    previous: Previous | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)


def merged(product: Product, contributions: Sequence[Contribution], defaults: Mapping[str, Any]) -> Merged:
    """One line out of contributions, which come in line order. Deleting ones do not count unless all delete."""
    action = merged_action(one.source.line.action for one in contributions)
    counting = [one for one in contributions if one.source.line.action is not Action.DELETE] or list(contributions)
    result = Merged(action, merged_quantity(product.merged_quantity, [one.quantity for one in counting]))
    if isinstance(result.quantity, int) and result.quantity not in INTEGERS:
        result.problems.append(("quantity-invalid", "has a quantity that is too large to compute with"))
    for name, attribute in sorted(product.attributes.items()):
        votes = [one for one in counting if name in one.attributes]
        value = _merged_value(name, attribute, votes, result.problems) if votes else None
        if value is not None:
            result.attributes[name] = value
        elif name in defaults:
            result.attributes[name] = defaults[name]
        elif attribute.required and action in FILLED and not votes:
            result.problems.append(("attribute-missing", _missing(name, contributions)))
    result.previous = _previous(product, contributions, defaults)
    return result


def merged_action(actions: Iterable[Action]) -> Action:
    """Lines that do not change are left out unless all are; alike ones stay what they are; a mixture modifies."""
    found = set(actions)
    changing = found - {Action.NO_CHANGE}
    if not changing:
        return Action.NO_CHANGE
    return changing.pop() if len(changing) == 1 else Action.MODIFY


def merged_quantity(how: MergedQuantity, quantities: Sequence[int | float]) -> int | float:
    if how == "one":
        return 1
    if len(quantities) == 1:
        return quantities[0]
    return whole(max(quantities) if how == "max" else sum(quantities))


def _missing(name: str, contributions: Sequence[Contribution]) -> str:
    rule = contributions[0].rule
    return f"needs the attribute `{name}`, and no rule{where(rule.place)} gives it"


def _merged_value(
    name: str, attribute: Attribute, votes: Sequence[Contribution], problems: list[tuple[str, str]]
) -> Any:
    """The value that the votes make together, as the attribute holds it; None where something is wrong."""
    if len(votes) == 1 and attribute.merge != "list":
        return _valid(name, attribute, votes[0].attributes[name], votes, problems)
    if attribute.merge == "list":
        return _valid(name, attribute, _joined([one.attributes[name] for one in votes]), votes, problems)
    values = []
    for vote in votes:
        value, wrong = validate_value(unlimited(attribute), vote.attributes[name])
        if wrong:
            problems.append(("attribute-misfit", f"gets a `{name}` from {_who(vote)} that {wrong[0]}"))
            return None
        values.append(value)
    if attribute.merge == "first":
        ranked = sorted(range(len(votes)), key=lambda at: (votes[at].rule.precedence, votes[at].rank))
        return _valid(name, attribute, values[ranked[0]], votes, problems)
    if attribute.merge in ("min", "max", "sum"):
        return _valid(name, attribute, _computed(name, attribute, values, problems), votes, problems)
    for vote, value in zip(votes, values, strict=True):
        if value != values[0]:
            message = (
                f"gets two values for `{name}`: {shown(values[0])} from {_who(votes[0])} and {shown(value)} from "
                f"{_who(vote)}; make them agree, or give the attribute a `merge`"
            )
            problems.append(("attribute-conflict", message))
            return None
    return _valid(name, attribute, values[0], votes, problems)


def _who(vote: Contribution) -> str:
    return f"{vote.source.who} by the rule{where(vote.rule.place)}"


def _joined(values: Iterable[Any]) -> list[Any]:
    joined: list[Any] = []
    for value in values:
        joined += value if isinstance(value, list | tuple) else [value]
    return joined


def _computed(name: str, attribute: Attribute, values: list[Any], problems: list[tuple[str, str]]) -> Any:
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


def _valid(
    name: str, attribute: Attribute, value: Any, votes: Sequence[Contribution], problems: list[tuple[str, str]]
) -> Any:
    if value is None:
        return None
    converted, wrong = validate_value(attribute, value)
    problems += [("attribute-misfit", f"gets a `{name}` from {_who(votes[0])} that {text}") for text in wrong]
    return None if wrong else converted


def _previous(product: Product, contributions: Sequence[Contribution], defaults: Mapping[str, Any]) -> Previous | None:
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
            value = _joined(values)
        elif attribute.merge in ("min", "max", "sum"):
            value = _computed(name, attribute, values, []) or value
        converted, wrong = validate_value(unlimited(attribute), value)
        if not wrong:
            attributes[name] = converted
    quantities = [one.previous.quantity for one in known if one.previous]
    return Previous(dict(sorted(attributes.items())), merged_quantity(product.merged_quantity, quantities))

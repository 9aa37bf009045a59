"""Order lines of one offer: every action, each value of each attribute, and each pair of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allpairspy import AllPairs

from compiler.catalogue.catalogue import Product
from compiler.generation.known_values import KnownValues
from compiler.generation.values import boundary_values
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction

Line = dict[str, Any]
MAX_PAIRED_VALUES = 6
"""Of one attribute, where pairs of values are formed."""
MAX_PAIRS = 120
"""Lines of one offer that show pairs."""


@dataclass(frozen=True, slots=True)
class OfferValues:
    """The values that an offer's attributes may have in generated lines."""

    offer: Product
    values: Mapping[str, list[Any]]
    """Attribute → its values, a usual one first. An attribute for which none was found is missing."""

    @classmethod
    def of(cls, offer: Product, known: KnownValues) -> OfferValues:
        found = {name: boundary_values(one, known.get(name, ())) for name, one in offer.attributes.items()}
        return cls(offer, {name: values for name, values in found.items() if values})

    @property
    def missing(self) -> list[str]:
        """The required attributes for which no value was found: no order of the offer can be generated."""
        return [name for name in self._required() if name not in self.values]

    @property
    def minimal(self) -> dict[str, Any]:
        """A value for each required attribute."""
        return {name: self.values[name][0] for name in self._required() if name in self.values}

    def _required(self) -> list[str]:
        return [name for name, one in self.offer.attributes.items() if one.required and one.default is None]

    @property
    def quantities(self) -> tuple[int | float, ...]:
        if self.offer.single_quantity:
            return (1,)
        return (1, 2, 3, 0.5) if self.offer.decimal_quantity else (1, 2, 3)

    def choices(self) -> Iterator[dict[str, Any]]:
        """The required attributes alone, then each attribute with each of its values."""
        minimal = self.minimal
        yield minimal
        for name, values in self.values.items():
            yield from ({**minimal, name: value} for value in values)


def make_line(
    of: OfferValues,
    action: LineAction,
    attributes: Mapping[str, Any],
    *,
    id_: str = "1",
    quantity: int | float = 1,
    previous: Mapping[str, Any] | None = None,
) -> Line:
    """`previous`: the attributes that the customer had; left out of lines that have none."""
    line: Line = {"id": id_, "product": of.offer.id, "action": action.value}
    if quantity != 1:
        line["quantity"] = quantity
    if attributes:
        line["attributes"] = dict(attributes)
    if previous is not None and action in ACTIONS_WITH_PREVIOUS:
        line["previous"] = {"attributes": dict(previous)}
    return line


def single_lines(of: OfferValues) -> Iterator[Line]:
    """From the simplest on."""
    minimal = of.minimal
    yield make_line(of, LineAction.ADD, minimal)
    yield make_line(of, LineAction.MODIFY, minimal, previous=minimal)
    yield make_line(of, LineAction.DELETE, {}, previous=minimal)
    yield make_line(of, LineAction.NO_CHANGE, minimal)
    yield make_line(of, LineAction.DELETE, {})
    yield make_line(of, LineAction.MODIFY, minimal)
    for attributes in of.choices():
        yield make_line(of, LineAction.ADD, attributes)
        yield make_line(of, LineAction.MODIFY, attributes, previous=minimal)
        yield make_line(of, LineAction.MODIFY, minimal, previous=attributes)
        yield make_line(of, LineAction.DELETE, {}, previous=attributes)
    for quantity in of.quantities[1:]:
        for action in LineAction:
            yield make_line(of, action, minimal, quantity=quantity, previous=minimal)
    yield from _pairs(of)


def _pairs(of: OfferValues) -> Iterator[Line]:
    """Each pair of two values, of an action and a value, and of a quantity and a value is in one of the lines."""
    names = list(of.values)
    lists = [values[:MAX_PAIRED_VALUES] for values in of.values.values()]
    if not lists:
        return
    minimal = of.minimal
    for number, (action, quantity, *values) in enumerate(AllPairs([list(LineAction), list(of.quantities), *lists])):
        if number == MAX_PAIRS:
            return
        attributes = dict(zip(names, values, strict=True))
        yield make_line(of, action, attributes, quantity=quantity, previous=minimal)

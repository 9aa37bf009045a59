"""Generated orders that show whether changes of behaviour reject orders that were valid.

The orders are made from the old declarations: every action, every limit and value of each attribute, one at a time;
pairs of lines with different actions, since lines that share a fulfilment line may get in each other's way; and larger
orders, mixed at random, since only some of these make steps wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from random import Random
from typing import Any

from compiler.catalogue.catalogue import Catalogue, Product
from compiler.compile_order import compile_with_warnings
from compiler.diff.change import Change, Effect, RejectedTrial
from compiler.generation.values import boundary_values
from compiler.graph import walk
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction
from compiler.source.findings import Finding

MAX_ORDERS_PER_OFFER = 250
MAX_SINGLE_LINES = 80
MAX_MIXED = 100
MAX_ORDERS = 3_000
MAX_PARTNERS = 2
"""Other offers that an order has a second line of."""


DECLARATION_CODES = frozenset(
    {"attribute-misfit", "attribute-missing", "attribute-unknown", "quantity-invalid", "reference-unknown"}
)
"""Codes of orders that a declaration rejects. A change of it is known to be breaking without a trial."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    rejected: RejectedTrial | None = None
    involved: frozenset[str] = frozenset()
    """The products of rejected orders, with all that their rules lead to, and the workstreams that serve these."""
    count: int = 0


def try_orders(old: Catalogue, new: Catalogue, changes: Iterable[Change]) -> TrialResult:
    """Compiles generated orders of the offers that the changes may concern with both catalogues."""
    changes = list(changes)
    changed = {id_ for change in changes for id_ in (change.subject.id, *change.concerns)}
    known = {id_ for one in changes if one.effect is Effect.REJECTS_ORDERS for id_ in (one.subject.id, *one.concerns)}
    served = [_served_by(old), _served_by(new)]
    reach = {
        name: _reached(name, old, served[0]) | _reached(name, new, served[1])
        for name, one in old.products.items()
        if one.is_commercial
    }
    offers = [name for name, reached in reach.items() if not reached.isdisjoint(changed) and name in new.products]
    rejected: RejectedTrial | None = None
    involved: set[str] = set()
    count = 0
    for offer in offers:
        partners = [offer, *(other for other in reach if other != offer)][: MAX_PARTNERS + 1]
        for order in islice(_orders_of(offer, partners, old), MAX_ORDERS_PER_OFFER):
            if count >= MAX_ORDERS:
                return TrialResult(rejected, frozenset(involved), count)
            count += 1
            found = _rejected_only_by(new, old, order)
            if found is not None:
                reached = set[str]().union(*(reach[product] for product in _ordered(order["lines"])))
                if found.code not in DECLARATION_CODES or reached.isdisjoint(known):
                    involved |= reached
                if rejected is None or len(str(order)) < len(str(rejected.order)):
                    rejected = RejectedTrial(order, found.message)
    return TrialResult(rejected, frozenset(involved), count)


def _ordered(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    for line in lines:
        yield line["product"]
        yield from _ordered(line.get("lines", ()))


def _rejected_only_by(new: Catalogue, old: Catalogue, order: dict[str, Any]) -> Finding | None:
    """Why the new catalogue rejects the order, which the old one accepts; None if it is not so."""
    result = compile_with_warnings(order, new)
    if result.plan is not None or compile_with_warnings(order, old).plan is None:
        return None
    return result.findings[0]


def _served_by(catalogue: Catalogue) -> dict[str, list[str]]:
    """Product → its workstreams."""
    found: dict[str, list[str]] = {}
    for workstream in catalogue.workstreams.values():
        for name in workstream.for_products:
            found.setdefault(name, []).append(workstream.id)
    return found


def _reached(offer: str, catalogue: Catalogue, served_by: Mapping[str, list[str]]) -> set[str]:
    """The products that an order of the offer may have lines of, their classes and their workstreams."""

    def targets(name: str) -> Iterator[str]:
        found = catalogue.products.get(name)
        if found is not None:
            yield from (rule.product for rule in (*found.decomposes_to, *found.components))

    products = set(walk([offer], targets))
    classes = {one.product_class for name in products if (one := catalogue.products.get(name)) and one.product_class}
    serving = {workstream for name in products for workstream in served_by.get(name, ())}
    return products | classes | serving


def _orders_of(offer: str, partners: Sequence[str], catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """First orders of one line, from the simplest on; then those of two; then larger ones, mixed at random."""
    one = catalogue.products[offer]
    yield from islice(_single_lines(one), MAX_SINGLE_LINES)
    choices = list(_attribute_choices(one))
    for partner, (first, second) in product(partners, product(LineAction, repeat=2)):
        other = catalogue.products[partner]
        yield _order(_line("1", one, first, choices[-1]), _line("2", other, second, _minimal(other)))
        parent = _line("1", one, first, choices[0])
        yield _order({**parent, "lines": [_line("1.1", other, second, _minimal(other))]})
    random = Random(offer)  # the same orders for the same catalogue
    mixed = [(catalogue.products[name], list(_attribute_choices(catalogue.products[name]))) for name in partners]
    for _ in range(MAX_MIXED):
        lines = [_mixed_line(str(number), mixed, random, 0) for number in range(1, random.randint(3, 5))]
        if random.random() < 0.5:
            lines[-1]["relies_on"] = ["1"]
        yield _order(*lines)


def _single_lines(offer: Product) -> Iterator[dict[str, Any]]:
    for action, attributes in product(LineAction, _attribute_choices(offer)):
        yield _order(_line("1", offer, action, attributes))
    for quantity, action in product(() if offer.single_quantity else (2, 3), LineAction):
        yield _order({**_line("1", offer, action, _minimal(offer)), "quantity": quantity})


def _mixed_line(
    id_: str, offers: Sequence[tuple[Product, list[dict[str, Any]]]], random: Random, depth: int
) -> dict[str, Any]:
    """Mostly lines that are added. Each attribute has one of its values, as a choice for one has it."""
    offer, choices = random.choice(offers)
    attributes = {name: value for choice in random.sample(choices, len(choices)) for name, value in choice.items()}
    line = _line(id_, offer, random.choice([*LineAction, *[LineAction.ADD] * 4]), attributes)
    if depth < 2 and random.random() < 0.4:
        line["lines"] = [
            _mixed_line(f"{id_}.{number}", offers, random, depth + 1) for number in range(1, random.randint(2, 4))
        ]
    return {**line, "quantity": 1 if offer.single_quantity else random.randint(1, 2)}


def _order(*lines: dict[str, Any]) -> dict[str, Any]:
    return {"id": "trial", "customer": {"id": "C-1"}, "lines": list(lines)}


def _line(id_: str, offer: Product, action: LineAction, attributes: Mapping[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {"id": id_, "product": offer.id, "action": action.value, "attributes": dict(attributes)}
    if action in ACTIONS_WITH_PREVIOUS:
        line["previous"] = {"attributes": _minimal(offer)}
    return line


def _minimal(offer: Product) -> dict[str, Any]:
    """A value for each required attribute."""
    required = {name: one for name, one in offer.attributes.items() if one.required and one.default is None}
    return {name: next(iter(boundary_values(one)), None) for name, one in required.items()}


def _attribute_choices(offer: Product) -> Iterator[dict[str, Any]]:
    """The required attributes alone; each attribute with each value that may matter; and all at once."""
    minimal = _minimal(offer)
    yield minimal
    values = {name: boundary_values(one) for name, one in offer.attributes.items()}
    for name, of_name in values.items():
        yield from ({**minimal, name: value} for value in of_name)
    for position in (0, -1):
        yield {name: of_name[position] for name, of_name in values.items() if of_name}

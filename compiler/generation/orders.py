"""Generated orders: of one line, of lines beside and below each other, and of lines that rely on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product, zip_longest
from random import Random
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.generation.known_values import merge_known, named_values, order_values
from compiler.generation.offer_lines import Line, OfferValues, make_line, single_lines
from compiler.graph import walk
from compiler.language.steps import LineAction
from compiler.orders.overrides import order_lines

Order = dict[str, Any]
MAX_PARTNERS = 3
"""Other offers that an offer is ordered together with."""
MIXED_ORDERS = 40
"""Orders of one offer and its partners that are put together at random."""
ORDER_ID = "deep"


@dataclass(frozen=True, slots=True)
class OrderGenerator:
    """Generates orders for the offers of a catalogue. The same catalogue, orders and seed give the same ones."""

    offers: Mapping[str, OfferValues]
    """Offer → its values; those for which orders can be generated."""
    left_out: Mapping[str, list[str]]
    """Offer for which no order can be generated → the required attributes without a value."""
    children: Mapping[str, list[str]]
    """Offer → the offers that are sold inside it: its components, and what known orders have below its lines."""
    partners: Mapping[str, list[str]]
    """Offer → others that need the same technical products, so that their lines may meet."""
    seed: int = 1

    @classmethod
    def of(cls, catalogue: Catalogue, orders: Iterable[Order] = (), seed: int = 1) -> OrderGenerator:
        """`orders`: real ones, whose values and nesting are used as well."""
        known_orders = list(orders)
        known = merge_known(order_values(known_orders, catalogue), named_values(catalogue))
        every = {name: OfferValues.of(one, known) for name, one in catalogue.products.items() if one.is_commercial}
        offers = {name: values for name, values in every.items() if not values.missing}
        return cls(
            offers,
            {name: values.missing for name, values in every.items() if values.missing},
            _children(catalogue, known_orders, offers),
            _partners(catalogue, offers),
            seed,
        )

    def orders(self) -> Iterator[Order]:
        """All offers in turn, each from its simplest order on."""
        yield from _in_turn([self.orders_of(name) for name in self.offers])

    def orders_of(self, name: str) -> Iterator[Order]:
        of = self.offers[name]
        for line in single_lines(of):
            yield _order(line)
        yield from self._together(name)
        yield from self._mixed(name)

    def _together(self, name: str) -> Iterator[Order]:
        of = self.offers[name]
        last = list(of.choices())[-1]
        for child in self.children.get(name, ()):
            inner = self.offers[child]
            for first, second in product(LineAction, repeat=2):
                yield _order({**_typical(of, first), "lines": [_typical(inner, second, "1.1")]})
            for line in single_lines(inner):
                yield _order({**_typical(of, LineAction.ADD), "lines": [{**line, "id": "1.1"}]})
            yield _order({**_typical(of, LineAction.ADD), "lines": []})
        for partner in [name, *self.partners.get(name, ())]:
            other = self.offers[partner]
            for first, second in product(LineAction, repeat=2):
                yield _order(_typical(of, first), _typical(other, second, "2"))
            different = make_line(of, LineAction.ADD, last)
            yield _order(different, _typical(other, LineAction.ADD, "2"))
            yield _order(_typical(of, LineAction.ADD), {**_typical(other, LineAction.ADD, "2"), "relies_on": ["1"]})

    def _mixed(self, name: str) -> Iterator[Order]:
        random = Random(f"{self.seed} {name}")
        names = [name, *self.partners.get(name, ())]
        for _ in range(MIXED_ORDERS):
            lines = [self._mixed_line(str(number), names, random) for number in range(1, random.randint(3, 5))]
            if random.random() < 0.3:
                lines[-1]["relies_on"] = ["1"]
            yield _order(*lines)

    def _mixed_line(self, id_: str, names: Sequence[str], random: Random) -> Line:
        name = random.choice(names)
        of = self.offers[name]
        optional = {one: random.choice(values) for one, values in of.values.items() if random.random() < 0.5}
        action = random.choice([*LineAction, *[LineAction.ADD] * 4])
        line = make_line(of, action, {**of.minimal, **optional}, id_=id_, previous=of.minimal)
        children = self.children.get(name, [])
        if children and random.random() < 0.8:
            count = random.randint(1, 2)
            line["lines"] = [self._mixed_line(f"{id_}.{number}", children, random) for number in range(1, count + 1)]
        return line


def _typical(of: OfferValues, action: LineAction, id_: str = "1") -> Line:
    return make_line(of, action, of.minimal, id_=id_, previous=of.minimal)


def _order(*lines: Line) -> Order:
    return {"id": ORDER_ID, "customer": {"id": "C-1"}, "lines": list(lines)}


def _in_turn(streams: Sequence[Iterator[Order]]) -> Iterator[Order]:
    for together in zip_longest(*streams):
        yield from (one for one in together if one is not None)


def _children(catalogue: Catalogue, orders: Iterable[Order], offers: Mapping[str, OfferValues]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {
        name: {rule.product: None for rule in one.components} for name, one in catalogue.products.items()
    }
    for order in orders:
        for parent in order_lines(order):
            inner_lines = parent.get("lines")
            for line in inner_lines if isinstance(inner_lines, list) else ():
                outer, inner = (_product_id(one, catalogue) for one in (parent, line))
                if outer is not None and inner is not None:
                    found[outer][inner] = None
    return {name: [one for one in inner if one in offers] for name, inner in found.items() if inner}


def _product_id(line: Any, catalogue: Catalogue) -> str | None:
    name = line.get("product") if isinstance(line, dict) else None
    product_ = catalogue.find_product(name) if isinstance(name, str) else None
    return product_.id if product_ else None


def _partners(catalogue: Catalogue, offers: Mapping[str, OfferValues]) -> dict[str, list[str]]:
    """Only what is not made per line can be shared by lines of several offers."""
    shareable = {name for name, one in catalogue.products.items() if one.per != "line"}
    for workstream in catalogue.workstreams.values():
        if any(step.per != "line" for step in workstream.steps.values()):
            shareable.update(workstream.for_products)

    def targets(name: str) -> Iterator[str]:
        yield from (rule.product for rule in catalogue.products[name].decomposes_to)

    shared: dict[str, list[str]] = {}
    for name in offers:
        for reached in walk([name], targets):
            if reached != name and reached in shareable:
                shared.setdefault(reached, []).append(name)
    found: dict[str, dict[str, None]] = {name: {} for name in offers}
    for names in shared.values():
        for position, name in enumerate(names):
            near = [*names[position + 1 : position + 1 + MAX_PARTNERS], *names[: min(position, MAX_PARTNERS)]]
            found[name].update(dict.fromkeys(near[:MAX_PARTNERS]))
    return {name: list(others)[:MAX_PARTNERS] for name, others in found.items()}

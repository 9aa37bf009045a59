"""Lines that are not in the order. A missing step would stand at such a line, below a line that exists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from compiler.catalogue.catalogue import Product
from compiler.catalogue.catalogue_index import CatalogueIndex
from compiler.decomposition.line_graph import ORDER_SUFFIX, LineGraph, LineNode, line_suffix
from compiler.graph import depth_first_order


@dataclass(eq=False)
class AbsentLine(LineNode):
    """The line that a line of the order would decompose into, if all conditions held."""

    existing: LineNode = field(kw_only=True)
    """The lowest line above it that is in the order."""
    by_components: bool = field(kw_only=True)
    """Whether components lead to it, too, not only rules."""
    once_lines: tuple[LineNode, ...] = field(kw_only=True)
    """The lines that it would be, which other lines brought: they exist once for the bundle or the order."""

    def __post_init__(self) -> None:
        self.__dict__["ancestor_order_lines"] = self.existing.ancestor_order_lines
        self.__dict__["top_level_lines"] = self.existing.top_level_lines
        self.__dict__["source_order_lines"] = self._nearest_order_lines()

    @property
    def is_order_line(self) -> bool:
        return self.product.is_commercial

    def _nearest_order_lines(self) -> tuple[LineNode, ...]:
        if self.product.is_commercial:
            return (self,)
        return tuple(dict.fromkeys(line for parent in self.parents for line in parent.source_order_lines))


class AbsentLines:
    """The absent lines of one order, each made when it is first asked for."""

    def __init__(self, graph: LineGraph, index: CatalogueIndex) -> None:
        self._index = index
        self._lines: dict[tuple[LineNode, str, bool], AbsentLine] = {}
        self._ways: dict[tuple[str, str, bool], tuple[tuple[str, tuple[str, ...]], ...]] = {}
        self._once_lines: dict[str, list[LineNode]] = {}
        for node in graph.fulfilment_lines:
            if node.line.per in ("order", "bundle"):
                self._once_lines.setdefault(node.product.id, []).append(node)

    def below(self, line: LineNode, products: frozenset[str], by_components: bool) -> list[AbsentLine]:
        """The absent lines of these products that `line` would decompose into; itself, if it is absent."""
        reach = self._index.reachable_products if by_components else self._index.reachable_by_rules
        named = sorted(reach(line.product.id) & products)
        if isinstance(line, AbsentLine):
            return [self._line_of(line.existing, name, line.by_components) for name in named]
        return [self._line_of(line, name, by_components) for name in named]

    def _line_of(self, existing: LineNode, product: str, by_components: bool) -> AbsentLine:
        key = (existing, product, by_components)
        if key not in self._lines:
            for name, sources in self._ways_to(existing.product.id, product, by_components):
                if (existing, name, by_components) not in self._lines:
                    self._lines[existing, name, by_components] = self._make(existing, name, sources, by_components)
        return self._lines[key]

    def _ways_to(self, start: str, product: str, by_components: bool) -> Iterable[tuple[str, tuple[str, ...]]]:
        """The products between the two, each after its sources, and with them."""
        key = (start, product, by_components)
        if key not in self._ways:
            reach = self._index.reachable_products if by_components else self._index.reachable_by_rules

            def sources(name: str) -> list[str]:
                above = self._index.source_products(name, with_components=by_components)
                return [one for one in above if name != start and one in reach(start)]

            names = depth_first_order([product], sources)[::-1]
            self._ways[key] = tuple((name, tuple(sources(name))) for name in names if name != start)
        return self._ways[key]

    def _make(self, existing: LineNode, name: str, sources: tuple[str, ...], by_components: bool) -> AbsentLine:
        product, start = self._index.catalogue.products[name], existing.product.id
        parents = [existing if one == start else self._lines[existing, one, by_components] for one in sources]
        return AbsentLine(
            existing.line,
            product,
            existing.suffix,
            existing.rank,
            tuple(parents),
            existing=existing,
            by_components=by_components,
            once_lines=tuple(self._once_lines_for(existing, product, parents)),
        )

    def _once_lines_for(self, existing: LineNode, product: Product, parents: list[LineNode]) -> Iterable[LineNode]:
        if product.per == "line":
            above = [line for parent in parents if isinstance(parent, AbsentLine) for line in parent.once_lines]
            below = (line for one in above for line in one.fulfilment_lines)
            return dict.fromkeys(one for one in below if one.product is product and one.shared_scope is not None)
        lines = self._once_lines.get(product.id, ())
        if not lines:
            return ()
        rules = (rule for parent in parents for rule in parent.product.decomposes_to if rule.product == product.id)
        names = {rule.as_ for rule in rules}
        places = (
            [ORDER_SUFFIX] if product.per == "order" else [line_suffix(t.line.id) for t in existing.top_level_lines]
        )
        suffixes = {place.with_name(name).identity for place in places for name in names}
        return [line for line in lines if line.suffix.identity in suffixes]

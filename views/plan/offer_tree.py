"""What an offer can become, as a tree: rules and the products that they lead to, then their workstreams and steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from compiler.catalogue.catalogue import Workstream
from compiler.explain_offer import OfferProduct, OfferStep, OfferStructure
from views.plan.offer_text import (
    definition_conditions,
    describe_per,
    describe_rule,
    format_actions,
    offer_sizes,
    product_facts,
)
from views.plan.step_text import POINT_OF_NO_RETURN, describe_action, format_step_numbers
from views.shared.table import Cell, KeyValueList, PlainTable

DIM = "bright_black"


def render_offer(structure: OfferStructure, version: str) -> Iterator[RenderableType]:
    """What `plan offer` prints."""
    offer = structure.offer
    yield Text.assemble((f"Offer {offer.id}", "bold"), f"  {offer.name}" if offer.name != offer.id else "")
    yield Text(", ".join(offer_sizes(structure)))
    yield Text(f"catalogue {version}", style=DIM)
    facts = list(product_facts(offer))
    if facts:
        yield Text("")
        yield KeyValueList(facts)
    yield Text("")
    yield from _RuleTree(structure).lines()
    for workstream in structure.workstreams:
        yield Text("")
        yield _workstream_heading(workstream, structure)
        rows = [_step_row(at, one) for at, one in enumerate(structure.steps) if one.step.workstream == workstream.id]
        yield Padding(
            PlainTable(["No.", "Step", "For", "After", "What it does"], rows, right_aligned=[0]), (0, 0, 0, 2)
        )


@dataclass
class _RuleTree:
    structure: OfferStructure
    shown: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Text]:
        products = {one.product.id: one for one in self.structure.products}
        waiting: list[tuple[int, Text, str]] = [
            (0, Text(self.structure.offer.id, style="bold"), self.structure.offer.id)
        ]
        while waiting:
            depth, text, id_ = waiting.pop()
            product = products[id_]
            is_new = id_ not in self.shown
            self.shown.add(id_)
            more = "" if is_new or not product.rules else "  (see above)"
            yield Text.assemble("  " * depth, text, (more, DIM))
            if is_new:
                waiting += [(depth + 1, line, target) for line, target in _rule_lines(product, products)][::-1]


def _rule_lines(product: OfferProduct, products: dict[str, OfferProduct]) -> Iterator[tuple[Text, str]]:
    for one in product.rules:
        rule, target = one.rule, products[one.rule.product].product
        name = f"{target.id} ({rule.as_})" if rule.as_ else target.id
        place = f"  {rule.location.file}:{rule.location.line}" if rule.location.line else ""
        style = "bold" if one.kind == "component" else "bold green"
        yield Text.assemble((name, style), f"  {target.name}  {describe_rule(rule)}", (place, DIM)), target.id


def _workstream_heading(workstream: Workstream, structure: OfferStructure) -> Text:
    reached = {one.product.id for one in structure.products}
    products = [one for one in workstream.for_products if one in reached and one != workstream.id]
    served = f"  for {', '.join(products)}" if products else ""
    when = f"  if `{workstream.when}`" if workstream.when not in (None, "true") else ""
    return Text.assemble((workstream.name, "bold"), f"  {workstream.id}", (served + when, DIM))


def _step_row(position: int, one: OfferStep) -> list[Cell]:
    step, definition = one.step, one.step.definition
    details = Text(", ".join((describe_action(definition), *definition_conditions(definition))))
    if per := describe_per(step):
        details.append(f", {per}", style=DIM)
    if definition.point_of_no_return:
        details.append(f"  {POINT_OF_NO_RETURN}", style="bold red")
    name = Text.assemble(step.name, (f"  {step.reference}", DIM))
    return [str(position + 1), name, format_actions(step.actions), format_step_numbers(one.after), details]

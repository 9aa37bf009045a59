"""What an offer can become, as a tree: rules and the products that they lead to, then their workstreams and steps."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from compiler.catalogue.catalogue import Workstream
from compiler.explain_offer import OfferProduct, OfferRule, OfferStep, OfferStructure
from views.plan.offer_text import (
    definition_conditions,
    describe_per,
    describe_rule,
    format_actions,
    offer_sizes,
    product_facts,
)
from views.plan.step_text import POINT_OF_NO_RETURN, describe_action, format_step_numbers
from views.shared.table import Cell, KeyValueList, PlainTable, titled_section

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
    yield from titled_section("Rules", PlainTable(["Product", "", "When"], list(_rule_rows(structure))))
    for workstream in structure.workstreams:
        yield Text("")
        yield _workstream_heading(workstream, structure)
        rows = [_step_row(at, one) for at, one in enumerate(structure.steps) if one.step.workstream == workstream.id]
        yield Padding(
            PlainTable(["No.", "Step", "For", "After", "What it does"], rows, right_aligned=[0]), (0, 0, 0, 2)
        )


def _rule_rows(structure: OfferStructure) -> Iterator[list[Cell]]:
    """The rules of the offer, below each those of the product that it leads to. A product is told in full once."""
    products = {one.product.id: one for one in structure.products}
    shown = {structure.offer.id}
    waiting = _rules_of(products[structure.offer.id], 0)
    while waiting:
        depth, one = waiting.pop()
        rule, target = one.rule, products[one.rule.product]
        is_new = rule.product not in shown
        shown.add(rule.product)
        name = f"{rule.product} ({rule.as_})" if rule.as_ else rule.product
        more = "  (its rules: see above)" if target.rules and not is_new else ""
        place = f"  {rule.location.file}:{rule.location.line}" if rule.location.line else ""
        style = "bold" if one.kind == "component" else "bold green"
        yield [
            Text.assemble("  " * depth, (name, style)),
            target.product.name,
            Text.assemble(describe_rule(rule), (more + place, DIM)),
        ]
        waiting += _rules_of(target, depth + 1) if is_new else []


def _rules_of(product: OfferProduct, depth: int) -> list[tuple[int, OfferRule]]:
    """With their depth, the last one first."""
    return [(depth, one) for one in reversed(product.rules)]


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

"""The texts of a new offer's files, with comments for the person who goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compiler.catalogue.catalogue import Catalogue
from compiler.language.attributes import Attribute
from compiler.language.modeline import schema_modeline
from compiler.language.steps import LineAction
from scenarios.new_offer.offer_idea import OfferIdea, all_attributes
from scenarios.new_offer.sample_values import sample_value


@dataclass(frozen=True, slots=True)
class NewFile:
    path: Path
    text: str


def definition_files(idea: OfferIdea, catalogue: Catalogue, definitions: Path) -> list[NewFile]:
    """The offer; and if it needs no technical product of the catalogue, a new one and the system that it calls."""
    offer = definitions / "offers" / f"{idea.id}.yaml"
    files = [NewFile(offer, _join(schema_modeline(offer, "definition"), *_offer_lines(idea, catalogue)))]
    if idea.new_product is not None:
        product = definitions / "technical" / f"{idea.new_product}.yaml"
        system = definitions / f"{idea.new_system}.yaml"
        files.append(NewFile(product, _join(schema_modeline(product, "definition"), *_product_lines(idea))))
        files.append(NewFile(system, _join(schema_modeline(system, "definition"), *_system_lines(idea))))
    return files


def order_file(idea: OfferIdea, catalogue: Catalogue, orders: Path) -> NewFile:
    """Raises LookupError, with the attribute's name, if an attribute has no sample value and the idea gives none."""
    path = orders / f"{idea.id}.yaml"
    line = {"id": "1", "product": idea.id}
    values = _order_values(idea, catalogue)
    lines = [
        f"# An order of one {idea.name}. `plan` shows what it becomes.",
        "",
        f"id: {idea.id.replace('_', '-').upper()}-1",
        "customer: {id: C-1, name: First Customer}",
        "lines:",
        f"  - {flow(line | ({'attributes': values} if values else {}))}",
    ]
    return NewFile(path, _join(schema_modeline(path, "order"), *lines))


def flow(value: Any) -> str:
    """YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def _join(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _order_values(idea: OfferIdea, catalogue: Catalogue) -> dict[str, Any]:
    values = dict(idea.order_values)
    for name, declared in all_attributes(idea, catalogue).items():
        if name not in values and declared.default is None:
            try:
                values[name] = sample_value(declared)
            except LookupError:
                raise LookupError(name) from None
    return values


COMMENT_COLUMN = 43


def _line(text: str, comment: str) -> str:
    return f"{text:<{COMMENT_COLUMN - 1}} # {comment}"


def _offer_lines(idea: OfferIdea, catalogue: Catalogue) -> Iterator[str]:
    yield f"# {idea.name}: what the customer buys, what has to be done for it, and in which order."
    yield ""
    yield "kind: commercial_product"
    yield f"id: {idea.id}"
    yield f"name: {flow(idea.name)}"
    if idea.code:
        yield _line(f"code: {flow(idea.code)}", "the SKU that orders can use instead of the id")
    attributes = all_attributes(idea, catalogue)
    if attributes:
        yield _line("attributes:", "what an order line can say; everything else is rejected")
        yield from (f"  {name}: {flow(_written(declared))}" for name, declared in attributes.items())
    yield _line("decomposes_to:", "what has to be done; a rule can have `when` and `quantity`")
    for product in idea.needs or (idea.new_product,):
        yield f"  - product: {product}"
    yield from _dependency_lines(idea, catalogue)


def _dependency_lines(idea: OfferIdea, catalogue: Catalogue) -> Iterator[str]:
    """A commented example where there is more than one product: their order is the offer's own business."""
    steps = [(product, _steps_for_add(product, catalogue)) for product in idea.needs]
    named = [(product, names) for product, names in steps if names]
    if len(named) > 1:
        (first, before), (second, after) = named[:2]
        yield _line("# dependencies:", "step → what it waits for; without this, all products begin at once")
        yield f"#   {second}.{after[0]}: [{first}.{before[-1]}]"


def _steps_for_add(product: str, catalogue: Catalogue) -> list[str]:
    workstream = catalogue.workstreams.get(product)
    steps = workstream.steps.items() if workstream is not None else ()
    return [name for name, step in steps if LineAction.ADD in step.actions]


def _product_lines(idea: OfferIdea) -> Iterator[str]:
    yield f"# What is done to deliver {idea.name}. Other offers can use it, too."
    yield ""
    yield "kind: technical_product"
    yield f"id: {idea.new_product}"
    yield f"name: {flow(f'{idea.name}, delivery')}"
    if idea.attributes:
        yield _line("attributes:", "the offer's values of the same name and type are copied")
        yield from (f"  {name}: {flow(_written(declared))}" for name, declared in idea.attributes.items())
    yield "steps:"
    yield "  deliver:"
    yield "    name: Deliver"
    yield "    call:"
    yield f"      system: {idea.new_system}"
    yield "      post: /deliveries"
    yield "      body:"
    yield "        customer: ${order.customer.id}"
    yield "        quantity: ${quantity}"
    yield from (f"        {name}: ${{attributes.{name}}}" for name in idea.attributes)
    yield _line("    expected: 1h", "how long it usually takes, for forecasts")
    yield _line("    undo:", "what takes it back if the order is cancelled")
    yield f'      call: {{system: {idea.new_system}, delete: "/deliveries/${{output.id}}"}}'
    yield "  end:"
    yield "    name: End the delivery"
    yield _line("    actions: [delete]", "for order lines that end something; the default is add")
    yield f'    call: {{system: {idea.new_system}, post: /endings, body: {{customer: "${{order.customer.id}}"}}}}'


def _system_lines(idea: OfferIdea) -> Iterator[str]:
    yield f"# The system that delivers {idea.name}. Until it exists, `example` answers for it: in scenarios, and in"
    yield "# a stack that pretends it."
    yield ""
    yield "kind: system"
    yield f"id: {idea.new_system}"
    yield f"name: {flow(f'{idea.name}, system')}"
    yield f"base_url: ${{env.{str(idea.new_system).upper()}_URL}}"
    yield "example:"
    yield '  - {post: /deliveries, status: 201, body: {id: "D-${number}"}}'
    yield '  - {delete: "/deliveries/{id}", status: 204}'
    yield '  - {post: /endings, body: {id: "E-${number}"}}'


def _written(declared: Attribute) -> dict[str, Any]:
    """Its keys as people write them: `1` for `1.0`."""
    keys = declared.model_dump(mode="json", exclude_defaults=True)
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value for key, value in keys.items()
    }

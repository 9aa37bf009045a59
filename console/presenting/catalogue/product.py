"""One product of the catalogue: its attributes, what it becomes and by which rules, and the steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from compiler.catalogue.catalogue import Catalogue, Product, Workstream
from compiler.checks.references.references import find_calls
from compiler.explain_offer import OfferProduct, OfferStructure, explain_offer
from compiler.language.attribute_words import describe_attribute
from compiler.language.attributes import Attribute
from console.presenting.catalogue.places import PlaceNames
from console.presenting.code_text import code_text
from views.plan.drawing.figure import figure_markup, step_sign
from views.plan.offer_text import describe_rule, offer_sizes
from views.plan.picture.model import PLACE_LABEL, Picture
from views.plan.picture.offer_picture import offer_picture

MAX_DRAWN_STEPS = 600
"""An offer with more steps is drawn only if the person asks for it."""


@dataclass(frozen=True)
class AttributeRow:
    name: str
    """With the names that it is within: `sites[].postcode`."""
    words: str
    required: bool
    description: str


@dataclass(frozen=True)
class RuleRow:
    """A rule, or a component, that leads from a product to another."""

    depth: int
    product: str
    name: str
    kind: str
    condition: Markup
    place: str
    per: str
    workstreams: tuple[str, ...]
    """Names of those that the product brings."""
    is_told_above: bool
    """Its own rules are shown where it comes first."""


@dataclass(frozen=True)
class StepCard:
    number: int
    sign: Markup
    name: str
    lane: str
    facts: tuple[tuple[str, Markup], ...]


@dataclass(frozen=True)
class ProductPage:
    id: str
    name: str
    kind: str
    """`offer` or `technical product`."""
    facts: tuple[tuple[str, str], ...]
    attributes: tuple[AttributeRow, ...]
    named_values: tuple[tuple[str, str], ...]
    """`let`: name and expression."""
    rules: tuple[RuleRow, ...]
    used_by: tuple[tuple[str, str], ...]
    """Id and name of the products whose rules lead to this one."""
    systems: tuple[tuple[str, str], ...]
    """Id and name of the systems that its steps may call."""
    queues: tuple[str, ...]
    """Those whose people do its tasks."""
    steps: tuple[StepCard, ...]
    figure: Markup
    """Empty if it has no steps, or too many."""
    step_count: int
    sizes: str


def product_page(product: Product, catalogue: Catalogue, places: PlaceNames, *, draws_all: bool = False) -> ProductPage:
    """`draws_all`: also draws more than MAX_DRAWN_STEPS."""
    structure = explain_offer(product, catalogue)
    is_drawn = bool(structure.steps) and (draws_all or len(structure.steps) <= MAX_DRAWN_STEPS)
    picture = offer_picture(structure, catalogue.version) if is_drawn else None
    return ProductPage(
        id=product.id,
        name=product.name,
        kind="offer" if product.is_commercial else "technical product",
        facts=tuple(_facts(product, places)),
        attributes=tuple(
            row for name, each in sorted(product.attributes.items()) for row in _attribute_rows(name, each)
        ),
        named_values=tuple((f"let.{named.name}", named.expression) for named in product.let),
        rules=tuple(_rule_rows(structure, places)),
        used_by=tuple(_used_by(product, catalogue)),
        systems=tuple(_systems(structure, catalogue)),
        queues=tuple(sorted(set(_queues(structure)))),
        steps=tuple(_steps(picture, places)) if picture else (),
        figure=Markup(figure_markup(picture)) if picture else Markup(""),
        step_count=len(structure.steps),
        sizes=", ".join(offer_sizes(structure)),
    )


def _facts(product: Product, places: PlaceNames) -> Iterator[tuple[str, str]]:
    if product.code:
        yield "Code", product.code
    if product.product_class:
        yield "Class", product.product_class
    if product.single_quantity or product.decimal_quantity:
        yield "Quantity", "always 1" if product.single_quantity else "may be a fraction"
    if not product.is_commercial and product.per != "line":
        yield "One for each", product.per
    if place := places.place(product.location):
        yield "Defined in", place


def _attribute_rows(name: str, attribute: Attribute) -> Iterator[AttributeRow]:
    """The attribute, and what it holds."""
    words = describe_attribute(attribute.model_copy(update={"required": False}))
    yield AttributeRow(name, words, attribute.required, attribute.description or "")
    inner = attribute.items if attribute.items is not None else attribute
    prefix = f"{name}[]" if attribute.items is not None else name
    for key, each in sorted((inner.properties or {}).items()):
        yield from _attribute_rows(f"{prefix}.{key}", each)


def _rule_rows(structure: OfferStructure, places: PlaceNames) -> Iterator[RuleRow]:
    """The rules of the product, below each those of the product that it leads to. A product is told in full once."""
    products = {one.product.id: one for one in structure.products}
    names = {one.id: one for one in structure.workstreams}
    told = {structure.offer.id}
    waiting = [(0, one) for one in reversed(products[structure.offer.id].rules)]
    while waiting:
        depth, one = waiting.pop()
        target = products[one.rule.product]
        is_new = one.rule.product not in told
        told.add(one.rule.product)
        yield RuleRow(
            depth=depth,
            product=target.product.id,
            name=target.product.name + (f" ({one.rule.as_})" if one.rule.as_ else ""),
            kind=one.kind,
            condition=code_text(describe_rule(one.rule)),
            place=places.place(one.rule.location),
            per="" if target.product.per == "line" or target.product.is_commercial else target.product.per,
            workstreams=tuple(_workstream_names(target, names)),
            is_told_above=bool(target.rules) and not is_new,
        )
        waiting += [(depth + 1, each) for each in reversed(target.rules)] if is_new else []


def _workstream_names(one: OfferProduct, known: dict[str, Workstream]) -> Iterator[str]:
    for id_ in one.workstreams:
        if id_ in known:
            yield known[id_].name


def _used_by(product: Product, catalogue: Catalogue) -> list[tuple[str, str]]:
    users = [
        (each.id, each.name)
        for each in catalogue.products.values()
        if any(rule.product == product.id for rule in (*each.decomposes_to, *each.components))
    ]
    return sorted(users, key=lambda user: user[1].casefold())


def _systems(structure: OfferStructure, catalogue: Catalogue) -> list[tuple[str, str]]:
    """By name; also those that only an undo or a change calls."""
    called = {call.system for one in structure.steps for _, call in find_calls(one.step.definition)}
    named = [(id_, system.name or id_ if (system := catalogue.systems.get(id_)) else id_) for id_ in called]
    return sorted(named, key=lambda one: one[1].casefold())


def _queues(structure: OfferStructure) -> Iterator[str]:
    for one in structure.steps:
        manual = one.step.definition.manual
        if manual is not None:
            yield manual.queue


def _steps(picture: Picture, places: PlaceNames) -> Iterator[StepCard]:
    lanes = [position.lane for position in picture.layout.boxes]
    for at, box in enumerate(picture.boxes):
        yield StepCard(
            number=at + 1,
            sign=Markup(step_sign(box.kind)),
            name=box.name,
            lane=picture.lanes[lanes[at]].title,
            facts=tuple((label, _fact(label, text, places)) for label, text in box.facts),
        )


def _fact(label: str, text: str, places: PlaceNames) -> Markup:
    return code_text(places.file(text) if label == PLACE_LABEL else text)

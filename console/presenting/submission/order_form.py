"""The form of a new order: one part for the order, and one for each line, made from the attributes of its offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from compiler.catalogue.catalogue import Catalogue, Product
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction
from compiler.values import as_text
from console.presenting.forms.attribute_fields import attribute_fields, read_attributes, typed_text
from console.presenting.forms.fields import Choice, Control, FormField, Problems, Typed, with_typed
from console.presenting.forms.moments import moment_text
from console.presenting.forms.yaml_text import NotYaml, read_mapping

MAX_LINES = 100
LINE_COUNT = "line_count"
ATTRIBUTE = "a."
"""Begins the name of an attribute's field, behind the line's."""


@dataclass(frozen=True, slots=True)
class Offer:
    id: str
    name: str


@dataclass(frozen=True)
class LinePart:
    number: int
    """From 0; part of the names of its fields."""
    product: Product
    fields: Sequence[FormField]
    attributes: Sequence[FormField]

    @property
    def prefix(self) -> str:
        return line_prefix(self.number)


@dataclass(frozen=True)
class OrderForm:
    order_fields: Sequence[FormField]
    lines: Sequence[LinePart]
    unknown_products: Sequence[str] = ()
    """Products of lines that the catalogue does not have any more."""


@dataclass(frozen=True)
class TypedOrder:
    """What was typed, as an order and as what is wrong with it."""

    order: Mapping[str, Any]
    problems: Mapping[str, list[str]] = field(default_factory=dict)


def offers(catalogue: Catalogue) -> list[Offer]:
    """By name."""
    commercial = (product for product in catalogue.products.values() if product.is_commercial)
    return sorted((Offer(each.id, each.name) for each in commercial), key=lambda offer: (offer.name.lower(), offer.id))


def line_prefix(number: int) -> str:
    return f"line{number}."


def typed_products(typed: Typed) -> list[str]:
    """The product of each line that was typed."""
    count = typed.get(LINE_COUNT, "0")
    number = min(int(count), MAX_LINES) if count.isdecimal() else 0
    return [typed.get(f"{line_prefix(each)}product", "") for each in range(number)]


def order_form(
    catalogue: Catalogue, products: Sequence[str], typed: Typed | None, problems: Problems | None = None
) -> OrderForm:
    """`products`: of each line. A line that was not typed yet has its defaults."""
    found = [(number, catalogue.products.get(product)) for number, product in enumerate(products)]
    return OrderForm(
        with_typed(_order_fields(), typed, problems),
        [
            _line_part(number, product, typed, problems)
            for number, product in found
            if product is not None and product.is_commercial
        ],
        [products[number] for number, product in found if product is None or not product.is_commercial],
    )


def _order_fields() -> list[FormField]:
    priorities = tuple(Choice(str(each), words) for each, words in _PRIORITIES.items())
    return [
        FormField("id", "Order id", is_required=True, help="Letters, digits and . _ : -", max_length=128),
        FormField("customer.id", "Customer id", help="In your systems.", requirement="needed with a name or a tier"),
        FormField("customer.name", "Customer name"),
        FormField("customer.tier", "Customer tier", help="Such as gold."),
        FormField("priority", "Priority", Control.SELECT, "3", choices=priorities, is_required=True),
        FormField("requested_start", "Requested start", Control.MOMENT),
        FormField("requested_completion", "Requested completion", Control.MOMENT),
        FormField("characteristics", "Characteristics", Control.CODE, help="Names and values as YAML."),
    ]


_PRIORITIES = {1: "1 (first)", 2: "2", 3: "3 (usual)", 4: "4", 5: "5 (last)"}
_TEXTS = ("requested_start", "requested_completion")
_CUSTOMER = ("id", "name", "tier")


def _line_part(number: int, product: Product, typed: Typed | None, problems: Problems | None) -> LinePart:
    prefix = line_prefix(number)
    is_new = typed is None or f"{prefix}id" not in typed
    shown = None if is_new else typed
    return LinePart(
        number,
        product,
        with_typed(_line_fields(number, product), shown, problems),
        with_typed(attribute_fields(product.attributes, f"{prefix}{ATTRIBUTE}"), shown, problems),
    )


def _line_fields(number: int, product: Product) -> list[FormField]:
    prefix = line_prefix(number)
    actions = tuple(Choice(each.value, each.value.replace("_", " ")) for each in LineAction)
    previous = "For modify and delete: the attributes that the customer had, as YAML."
    quantity = [] if product.single_quantity else [FormField(f"{prefix}quantity", "Quantity", Control.NUMBER, "1")]
    return [
        FormField(f"{prefix}product", "", Control.HIDDEN, product.id),
        FormField(f"{prefix}id", "Line id", value=str(number + 1), is_required=True, max_length=64),
        FormField(f"{prefix}action", "Action", Control.SELECT, LineAction.ADD.value, choices=actions, is_required=True),
        *quantity,
        FormField(f"{prefix}previous", "Before", Control.CODE, help=previous),
    ]


def read_order(catalogue: Catalogue, typed: Typed) -> TypedOrder:
    """The order that was typed. What was left empty is left out."""
    problems: dict[str, list[str]] = {}
    order: dict[str, Any] = {"id": typed.get("id", "").strip()}
    if not order["id"]:
        problems["id"] = ["needs a value"]
    customer = {key: text for key in _CUSTOMER if (text := typed.get(f"customer.{key}", "").strip())}
    if customer:
        order["customer"] = customer
        if "id" not in customer:
            problems["customer.id"] = ["needs a value, because there is a name or a tier"]
    priority = typed.get("priority", "")
    if priority.isdecimal() and priority != "3":
        order["priority"] = int(priority)
    order |= {key: moment_text(text) for key in _TEXTS if (text := typed.get(key, "").strip())}
    if characteristics := _mapping(typed, "characteristics", problems):
        order["characteristics"] = characteristics
    lines = [
        _read_line(catalogue.products[product], number, typed, problems)
        for number, product in enumerate(typed_products(typed))
        if product in catalogue.products
    ]
    if not lines:
        problems["add_offer"] = ["needs at least one line"]
    return TypedOrder({**order, "lines": lines}, problems)


def _mapping(typed: Typed, name: str, problems: dict[str, list[str]]) -> dict[str, Any]:
    try:
        return read_mapping(typed.get(name, ""))
    except NotYaml as error:
        problems[name] = [f"cannot be read: {error}"]
        return {}


def _read_line(product: Product, number: int, typed: Typed, problems: dict[str, list[str]]) -> dict[str, Any]:
    prefix = line_prefix(number)
    line: dict[str, Any] = {"id": typed.get(f"{prefix}id", "").strip(), "product": product.id}
    if not line["id"]:
        problems[f"{prefix}id"] = ["needs a value"]
    action = typed.get(f"{prefix}action", LineAction.ADD.value)
    if action != LineAction.ADD.value:
        line["action"] = action
    quantity = typed.get(f"{prefix}quantity", "").strip()
    if quantity not in ("", "1"):
        try:
            line["quantity"] = int(quantity) if quantity.isdecimal() else float(quantity)
        except ValueError:
            problems[f"{prefix}quantity"] = [f"must be a number, and is `{quantity}`"]
    values, wrong = read_attributes(product.attributes, typed, f"{prefix}{ATTRIBUTE}")
    if action in ACTIONS_WITH_PREVIOUS:
        # What a modify or delete line does not mention stays as in its `previous`.
        wrong = {name: found for name, found in wrong.items() if typed.get(name, "").strip()}
    problems |= wrong
    if values:
        line["attributes"] = values
    if previous := _mapping(typed, f"{prefix}previous", problems):
        line["previous"] = {"attributes": previous}
    return line


def typed_from_order(catalogue: Catalogue, order: Mapping[str, Any]) -> dict[str, str] | None:
    """The form of an order that was given as text. None if the form cannot hold all of it, such as lines in lines."""
    customer = order.get("customer") or {}
    lines = order.get("lines")
    if not (isinstance(customer, Mapping) and isinstance(lines, list) and order.keys() <= _ORDER_KEYS):
        return None
    typed = {"id": as_text(order.get("id", "")), "priority": as_text(order.get("priority", 3))}
    typed |= {f"customer.{key}": as_text(customer.get(key) or "") for key in _CUSTOMER}
    typed |= {key: as_text(order.get(key) or "") for key in _TEXTS}
    typed["characteristics"] = _yaml(order.get("characteristics"))
    typed[LINE_COUNT] = str(len(lines))
    for number, line in enumerate(lines):
        found = _typed_line(catalogue, number, line)
        if found is None:
            return None
        typed |= found
    return typed


_ORDER_KEYS = {"id", "customer", "priority", *_TEXTS, "characteristics", "lines"}
_LINE_KEYS = {"id", "product", "quantity", "action", "attributes", "previous"}


def _typed_line(catalogue: Catalogue, number: int, line: object) -> dict[str, str] | None:
    if not isinstance(line, Mapping) or not line.keys() <= _LINE_KEYS:
        return None
    product = find_offer(catalogue, as_text(line.get("product", "")))
    attributes, previous = line.get("attributes") or {}, line.get("previous") or {}
    if product is None or not isinstance(attributes, Mapping) or not attributes.keys() <= product.attributes.keys():
        return None
    if not isinstance(previous, Mapping) or previous.keys() - {"attributes"}:
        return None
    prefix = line_prefix(number)
    typed = {
        f"{prefix}product": product.id,
        f"{prefix}id": as_text(line.get("id", "")),
        f"{prefix}action": as_text(line.get("action", LineAction.ADD.value)),
        f"{prefix}quantity": as_text(line.get("quantity", 1)),
        f"{prefix}previous": _yaml(previous.get("attributes")),
    }
    for name, declared in product.attributes.items():
        typed[f"{prefix}{ATTRIBUTE}{name}"] = typed_text(declared, attributes.get(name))
    return typed


def find_offer(catalogue: Catalogue, reference: str) -> Product | None:
    """By id or code."""
    found = catalogue.products.get(reference)
    by_code = (each for each in catalogue.products.values() if each.code == reference)
    product = found or next(by_code, None)
    return product if product is not None and product.is_commercial else None


def _yaml(value: object) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True)) if value else ""

"""The form of an order: its keys, types and ids, what lines may say together. Products are checked elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from compiler.language.order import Customer, Order, OrderLine, Previous
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction
from compiler.orders.reader import OrderSource
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean, finding_at
from compiler.values import (
    describe_value,
    format_value,
    normalize_number,
    parse_timestamp,
    quantity_problem,
    value_problem,
)

ORDER_ID_PATTERN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
LINE_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_LINE_DEPTH = 30
"""Levels of lines within lines."""

_ORDER_KEYS = tuple(Order.model_fields)
_CUSTOMER_KEYS = tuple(Customer.model_fields)
_LINE_KEYS = tuple(OrderLine.model_fields)
_PREVIOUS_KEYS = tuple(Previous.model_fields)


@dataclass(slots=True)
class OrderValidation:
    """An order as far as its form goes. With findings, what is wrong has its default, or is left out."""

    source: OrderSource
    order: Order | None = None
    line_paths: dict[str, KeyPath] = field(default_factory=dict)
    """Where each line stands, by its id."""
    findings: list[Finding] = field(default_factory=list)

    def add_error(self, code: str, path: KeyPath, message: str, *, key: bool = False) -> None:
        sound = message.encode("utf-8", "replace").decode()
        self.findings.append(finding_at(self.source.location(path, key=key), code, sound))


def validate_order(data: object, source: OrderSource) -> OrderValidation:
    """The order that `data` is, with everything that is wrong with its form."""
    validation = OrderValidation(source)
    if not isinstance(data, Mapping):
        message = f"an order is a mapping with `id`, `customer` and `lines`, and this is {describe_value(data)}"
        validation.add_error("type-wrong", (), message)
        return validation
    part = _MappingReader(validation, data, (), "the order", _ORDER_KEYS)
    id_ = part.id("id", ORDER_ID_PATTERN, "letters, digits and `._:-`, at most 128")
    order = Order.model_construct(
        id=id_ or "",
        customer=_read_customer(validation, part.value("customer")),
        priority=part.priority(),
        requested_start=part.timestamp("requested_start"),
        requested_completion=part.timestamp("requested_completion"),
        characteristics=part.value_mapping("characteristics"),
        lines=_LinesReader(validation).read(part),
    )
    validation.order = order
    return validation


def _read_customer(validation: OrderValidation, data: Any) -> Customer | None:
    if data is None:
        return None
    path: KeyPath = ("customer",)
    if not isinstance(data, Mapping):
        validation.add_error(
            "type-wrong", path, f"`customer` must be a mapping like {{id: C-42}}, and is {describe_value(data)}"
        )
        return None
    part = _MappingReader(validation, data, path, "`customer`", _CUSTOMER_KEYS)
    id_ = part.text("id", required=True)
    return Customer.model_construct(id=id_ or "", name=part.text("name"), tier=part.text("tier"))


class _LinesReader:
    """Reads the lines, whichever depth they stand at, and tells of ids that come twice."""

    def __init__(self, validation: OrderValidation) -> None:
        self._validation = validation

    def read(self, order: _MappingReader) -> list[OrderLine]:
        given = order.value("lines")
        if "lines" not in order.data:
            self._validation.add_error(
                "key-missing", (), "`lines` is missing: an order has at least one line", key=True
            )
            return []
        if given == [] or given == ():
            self._validation.add_error(
                "order-without-lines", ("lines",), "the order has no lines: nothing would be done"
            )
        return self._read_lines(given, ("lines",), 1) or []

    def _read_lines(self, data: Any, path: KeyPath, depth: int) -> list[OrderLine] | None:
        if data is None:
            if depth == 1:
                self._validation.add_error("type-wrong", path, "`lines` must be a list, and is nothing")
            return None
        if not isinstance(data, list | tuple):
            self._validation.add_error("type-wrong", path, f"`lines` must be a list, and is {describe_value(data)}")
            return None
        if depth > MAX_LINE_DEPTH:
            self._validation.add_error(
                "order-depth", path, f"lines stand in lines more than {MAX_LINE_DEPTH} levels deep"
            )
            return None
        found = [self._read_line(line, (*path, position), depth) for position, line in enumerate(data)]
        return [line for line in found if line is not None]

    def _read_line(self, data: Any, path: KeyPath, depth: int) -> OrderLine | None:
        if not isinstance(data, Mapping):
            self._validation.add_error(
                "type-wrong", path, f"a line must be a mapping with `id` and `product`, and is {describe_value(data)}"
            )
            return None
        given = data.get("id")
        who = f"line `{given}`" if isinstance(given, str) else "this line"
        part = _MappingReader(self._validation, data, path, who, _LINE_KEYS)
        id_ = part.id("id", LINE_ID_PATTERN, "letters, digits and `._-`, at most 64")
        product = part.text("product", required=True)
        action = part.action()
        line = OrderLine.model_construct(
            id=id_ or "",
            product=product or "",
            quantity=part.quantity(),
            action=action or LineAction.ADD,
            attributes=part.value_mapping("attributes"),
            previous=_read_previous(part, action),
            lines=self._read_lines(data.get("lines"), (*path, "lines"), depth + 1),
            relies_on=part.line_ids("relies_on"),
            requested_start=part.timestamp("requested_start"),
            requested_completion=part.timestamp("requested_completion"),
            external_ids=part.text_mapping("external_ids"),
        )
        if id_ is None:
            return None
        if id_ in self._validation.line_paths:
            first = self._validation.source.location(self._validation.line_paths[id_])
            where = f" (the first stands at {first})" if first.line else ""
            self._validation.add_error("id-duplicate", (*path, "id"), f"two lines have the id `{id_}`{where}")
            return None
        self._validation.line_paths[id_] = path
        return line if product is not None else None


def _read_previous(part: _MappingReader, action: LineAction | None) -> Previous | None:
    data = part.value("previous")
    if data is None:
        return None
    path = (*part.path, "previous")
    if action is not None and action not in ACTIONS_WITH_PREVIOUS:
        message = f"{part.label} is `{action}`: only modify and delete lines have a `previous`"
        part.validation.add_error("previous-misplaced", path, message, key=True)
        return None
    if not isinstance(data, Mapping):
        part.validation.add_error(
            "type-wrong", path, f"{part.label}: `previous` must be a mapping, and is {describe_value(data)}"
        )
        return None
    previous = _MappingReader(part.validation, data, path, f"{part.label}: `previous`", _PREVIOUS_KEYS)
    return Previous.model_construct(attributes=previous.value_mapping("attributes"), quantity=previous.quantity())


class _MappingReader:
    """One mapping of an order. Each method reads one key; what is wrong is told, and the default given back."""

    def __init__(
        self, validation: OrderValidation, data: Mapping[Any, Any], path: KeyPath, label: str, keys: Iterable[str]
    ) -> None:
        self.validation, self.data, self.path, self.label = validation, data, path, label
        known = tuple(keys)
        for key in data:
            if key not in known:
                near = did_you_mean(str(key), known) or f"; known here: {', '.join(known)}"
                message = f"{label} has an unknown key `{str(key)[:60]}`{near}"
                validation.add_error("key-unknown", (*path, str(key)), message, key=True)

    def value(self, key: str) -> Any:
        return self.data.get(key)

    def _add_error(self, code: str, key: str, message: str) -> None:
        self.validation.add_error(code, (*self.path, key), f"{self.label}: `{key}` {message}")

    def text(self, key: str, *, required: bool = False) -> str | None:
        value = self.value(key)
        if value is None:
            if required:
                self.validation.add_error("key-missing", self.path, f"{self.label}: `{key}` is missing", key=True)
            return None
        if not isinstance(value, str):
            quoting = "; put it in quotes" if isinstance(value, int | float) else ""
            self._add_error("type-wrong", key, f"must be text, and is {describe_value(value)}{quoting}")
            return None
        if problem := value_problem(value):
            self._add_error("value-invalid", key, problem)
            return None
        return value

    def id(self, key: str, pattern: re.Pattern[str], allowed: str) -> str | None:
        value = self.text(key, required=True)
        if value is not None and not pattern.fullmatch(value):
            self._add_error("value-invalid", key, f"may have {allowed}, and is {format_value(value)}")
            return None
        return value

    def priority(self) -> int:
        value = self.value("priority")
        if value is None:
            return 3
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
            self._add_error(
                "value-invalid",
                "priority",
                f"must be a whole number from 1 (first) to 5, and is {describe_value(value)}",
            )
            return 3
        return value

    def quantity(self) -> int | float:
        value = self.value("quantity")
        if value is None:
            return 1
        problem = quantity_problem(value)
        if problem:
            self._add_error("quantity-invalid", "quantity", f"must be a number above 0, and {problem}")
            return 1
        return normalize_number(value)

    def action(self) -> LineAction | None:
        """None where what is given is none."""
        value = self.value("action")
        if value is None:
            return LineAction.ADD
        if not isinstance(value, str) or value not in list(LineAction):
            near = did_you_mean(str(value), list(LineAction))
            self._add_error(
                "value-invalid",
                "action",
                f"must be one of {', '.join(LineAction)}, and is {describe_value(value)}{near}",
            )
            return None
        return LineAction(value)

    def timestamp(self, key: str) -> datetime | None:
        value = self.value(key)
        if value is None:
            return None
        try:
            return parse_timestamp(value)
        except (ValueError, OverflowError):
            self._add_error(
                "type-wrong", key, f"must be a time like 2026-12-01T08:00:00Z, and is {describe_value(value)}"
            )
            return None

    def value_mapping(self, key: str) -> dict[str, Any]:
        """A mapping of names to any values that can be computed with."""
        value = self.value(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self._add_error("type-wrong", key, f"must be a mapping of names to values, and is {describe_value(value)}")
            return {}
        sound = {}
        for name, one in value.items():
            problem = value_problem(name) if isinstance(name, str) else "is a name, and names are text"
            problem = problem or value_problem(one)
            if problem:
                self.validation.add_error(
                    "value-invalid", (*self.path, key, name), f"{self.label}: `{key}.{name}` {problem}"
                )
            else:
                sound[name] = one
        return sound

    def text_mapping(self, key: str) -> dict[str, str]:
        return self._checked_mapping(
            key, lambda one: "" if isinstance(one, str) else f"must be text, and is {describe_value(one)}"
        )

    def _checked_mapping(self, key: str, find_problem: Callable[[Any], str]) -> dict[str, Any]:
        sound = {}
        for name, one in self.value_mapping(key).items():
            problem = find_problem(one)
            if problem:
                self.validation.add_error(
                    "type-wrong", (*self.path, key, name), f"{self.label}: `{key}.{name}` {problem}"
                )
            else:
                sound[name] = one
        return sound

    def line_ids(self, key: str) -> list[str]:
        value = self.value(key)
        if value is None:
            return []
        given = value if isinstance(value, list | tuple) else [value]
        found = []
        for position, one in enumerate(given):
            path = (*self.path, key, position)
            if isinstance(one, str):
                if problem := value_problem(one):
                    self.validation.add_error("value-invalid", path, f"{self.label}: `{key}` {problem}")
                else:
                    found.append(one)
                continue
            quoting = "; put it in quotes" if isinstance(one, int | float) else ""
            message = (
                f"{self.label}: `{key}` names lines by their ids, which are text, and this is "
                f"{describe_value(one)}{quoting}"
            )
            self.validation.add_error("type-wrong", path, message)
        return found

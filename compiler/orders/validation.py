"""The form of an order: its keys, types and ids, what lines may say together. Products are checked elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from compiler.language.order import Customer, Order, OrderLine, Previous
from compiler.language.steps import Action
from compiler.orders.reader import OrderSource
from compiler.orders.values import in_words, moment_of, quantity_problem, value_problem, whole
from compiler.source.document import KeyPath
from compiler.source.findings import Finding, did_you_mean, finding_at, shown

ORDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
LINE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
LINE_DEPTH = 30
"""Levels of lines within lines."""
BEFORE = (Action.MODIFY, Action.DELETE)

_ORDER_KEYS = tuple(Order.model_fields)
_CUSTOMER_KEYS = tuple(Customer.model_fields)
_LINE_KEYS = tuple(OrderLine.model_fields)
_PREVIOUS_KEYS = tuple(Previous.model_fields)


@dataclass(slots=True)
class OrderForm:
    """An order as far as its form goes. With findings, what is wrong has its default, or is left out."""

    source: OrderSource
    order: Order | None = None
    paths: dict[str, KeyPath] = field(default_factory=dict)
    """Where each line stands, by its id."""
    findings: list[Finding] = field(default_factory=list)

    def wrong(self, code: str, path: KeyPath, message: str, *, key: bool = False) -> None:
        sound = message.encode("utf-8", "replace").decode()
        self.findings.append(finding_at(self.source.place(path, key=key), code, sound))


def order_form(data: object, source: OrderSource) -> OrderForm:
    """The order that `data` is, with everything that is wrong with its form."""
    form = OrderForm(source)
    if not isinstance(data, Mapping):
        message = f"an order is a mapping with `id`, `customer` and `lines`, and this is {in_words(data)}"
        form.wrong("type-wrong", (), message)
        return form
    part = _Part(form, data, (), "the order", _ORDER_KEYS)
    id_ = part.id("id", ORDER_ID, "letters, digits and `._:-`, at most 128")
    order = Order.model_construct(
        id=id_ or "",
        customer=_customer(form, part.value("customer")),
        priority=part.priority(),
        requested_start=part.moment("requested_start"),
        requested_completion=part.moment("requested_completion"),
        characteristics=part.values("characteristics"),
        lines=_Lines(form).read(part),
    )
    form.order = order
    return form


def _customer(form: OrderForm, data: Any) -> Customer | None:
    if data is None:
        return None
    path: KeyPath = ("customer",)
    if not isinstance(data, Mapping):
        form.wrong("type-wrong", path, f"`customer` must be a mapping like {{id: C-42}}, and is {in_words(data)}")
        return None
    part = _Part(form, data, path, "`customer`", _CUSTOMER_KEYS)
    id_ = part.text("id", required=True)
    return Customer.model_construct(id=id_ or "", name=part.text("name"), tier=part.text("tier"))


class _Lines:
    """Reads the lines, whichever depth they stand at, and tells of ids that come twice."""

    def __init__(self, form: OrderForm) -> None:
        self._form = form

    def read(self, order: _Part) -> list[OrderLine]:
        given = order.value("lines")
        if "lines" not in order.data:
            self._form.wrong("key-missing", (), "`lines` is missing: an order has at least one line", key=True)
            return []
        if given == [] or given == ():
            self._form.wrong("order-without-lines", ("lines",), "the order has no lines: nothing would be done")
        return self._lines(given, ("lines",), 1) or []

    def _lines(self, data: Any, path: KeyPath, depth: int) -> list[OrderLine] | None:
        if data is None:
            if depth == 1:
                self._form.wrong("type-wrong", path, "`lines` must be a list, and is nothing")
            return None
        if not isinstance(data, list | tuple):
            self._form.wrong("type-wrong", path, f"`lines` must be a list, and is {in_words(data)}")
            return None
        if depth > LINE_DEPTH:
            self._form.wrong("order-depth", path, f"lines stand in lines more than {LINE_DEPTH} levels deep")
            return None
        found = [self._line(line, (*path, position), depth) for position, line in enumerate(data)]
        return [line for line in found if line is not None]

    def _line(self, data: Any, path: KeyPath, depth: int) -> OrderLine | None:
        if not isinstance(data, Mapping):
            self._form.wrong(
                "type-wrong", path, f"a line must be a mapping with `id` and `product`, and is {in_words(data)}"
            )
            return None
        given = data.get("id")
        who = f"line `{given}`" if isinstance(given, str) else "this line"
        part = _Part(self._form, data, path, who, _LINE_KEYS)
        id_ = part.id("id", LINE_ID, "letters, digits and `._-`, at most 64")
        product = part.text("product", required=True)
        action = part.action()
        line = OrderLine.model_construct(
            id=id_ or "",
            product=product or "",
            quantity=part.quantity(),
            action=action or Action.ADD,
            attributes=part.values("attributes"),
            previous=_previous(part, action),
            lines=self._lines(data.get("lines"), (*path, "lines"), depth + 1),
            relies_on=part.line_ids("relies_on"),
            requested_start=part.moment("requested_start"),
            requested_completion=part.moment("requested_completion"),
            external_ids=part.texts("external_ids"),
        )
        if id_ is None:
            return None
        if id_ in self._form.paths:
            first = self._form.source.place(self._form.paths[id_])
            where = f" (the first stands at {first})" if first.line else ""
            self._form.wrong("id-duplicate", (*path, "id"), f"two lines have the id `{id_}`{where}")
            return None
        self._form.paths[id_] = path
        return line if product is not None else None


def _previous(part: _Part, action: Action | None) -> Previous | None:
    data = part.value("previous")
    if data is None:
        return None
    path = (*part.path, "previous")
    if action is not None and action not in BEFORE:
        message = f"{part.who} is `{action}`: only modify and delete lines have a `previous`"
        part.form.wrong("previous-misplaced", path, message, key=True)
        return None
    if not isinstance(data, Mapping):
        part.form.wrong("type-wrong", path, f"{part.who}: `previous` must be a mapping, and is {in_words(data)}")
        return None
    previous = _Part(part.form, data, path, f"{part.who}: `previous`", _PREVIOUS_KEYS)
    return Previous.model_construct(attributes=previous.values("attributes"), quantity=previous.quantity())


class _Part:
    """One mapping of an order. Each method reads one key; what is wrong is told, and the default given back."""

    def __init__(self, form: OrderForm, data: Mapping[Any, Any], path: KeyPath, who: str, keys: Iterable[str]) -> None:
        self.form, self.data, self.path, self.who = form, data, path, who
        known = tuple(keys)
        for key in data:
            if key not in known:
                near = did_you_mean(str(key), known) or f"; known here: {', '.join(known)}"
                message = f"{who} has an unknown key `{str(key)[:60]}`{near}"
                form.wrong("key-unknown", (*path, str(key)), message, key=True)

    def value(self, key: str) -> Any:
        return self.data.get(key)

    def _wrong(self, code: str, key: str, message: str) -> None:
        self.form.wrong(code, (*self.path, key), f"{self.who}: `{key}` {message}")

    def text(self, key: str, *, required: bool = False) -> str | None:
        value = self.value(key)
        if value is None:
            if required:
                self.form.wrong("key-missing", self.path, f"{self.who}: `{key}` is missing", key=True)
            return None
        if not isinstance(value, str):
            quoting = "; put it in quotes" if isinstance(value, int | float) else ""
            self._wrong("type-wrong", key, f"must be text, and is {in_words(value)}{quoting}")
            return None
        if problem := value_problem(value):
            self._wrong("value-invalid", key, problem)
            return None
        return value

    def id(self, key: str, pattern: re.Pattern[str], allowed: str) -> str | None:
        value = self.text(key, required=True)
        if value is not None and not pattern.fullmatch(value):
            self._wrong("value-invalid", key, f"may have {allowed}, and is {shown(value)}")
            return None
        return value

    def priority(self) -> int:
        value = self.value("priority")
        if value is None:
            return 3
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
            self._wrong(
                "value-invalid",
                "priority",
                f"must be a whole number from 1 (first) to 5, and is {in_words(value)}",
            )
            return 3
        return value

    def quantity(self) -> int | float:
        value = self.value("quantity")
        if value is None:
            return 1
        problem = quantity_problem(value)
        if problem:
            self._wrong("quantity-invalid", "quantity", f"must be a number above 0, and {problem}")
            return 1
        return whole(value)

    def action(self) -> Action | None:
        """None where what is given is none."""
        value = self.value("action")
        if value is None:
            return Action.ADD
        if not isinstance(value, str) or value not in list(Action):
            near = did_you_mean(str(value), list(Action))
            self._wrong(
                "value-invalid", "action", f"must be one of {', '.join(Action)}, and is {in_words(value)}{near}"
            )
            return None
        return Action(value)

    def moment(self, key: str) -> datetime | None:
        value = self.value(key)
        if value is None:
            return None
        try:
            return moment_of(value)
        except (ValueError, OverflowError):
            self._wrong("type-wrong", key, f"must be a time like 2026-12-01T08:00:00Z, and is {in_words(value)}")
            return None

    def values(self, key: str) -> dict[str, Any]:
        """A mapping of names to any values that can be computed with."""
        value = self.value(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self._wrong("type-wrong", key, f"must be a mapping of names to values, and is {in_words(value)}")
            return {}
        sound = {}
        for name, one in value.items():
            problem = value_problem(name) if isinstance(name, str) else "is a name, and names are text"
            problem = problem or value_problem(one)
            if problem:
                self.form.wrong("value-invalid", (*self.path, key, name), f"{self.who}: `{key}.{name}` {problem}")
            else:
                sound[name] = one
        return sound

    def texts(self, key: str) -> dict[str, str]:
        return self._mapping_of(
            key, lambda one: "" if isinstance(one, str) else f"must be text, and is {in_words(one)}"
        )

    def _mapping_of(self, key: str, problem_of: Callable[[Any], str]) -> dict[str, Any]:
        sound = {}
        for name, one in self.values(key).items():
            problem = problem_of(one)
            if problem:
                self.form.wrong("type-wrong", (*self.path, key, name), f"{self.who}: `{key}.{name}` {problem}")
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
                    self.form.wrong("value-invalid", path, f"{self.who}: `{key}` {problem}")
                else:
                    found.append(one)
                continue
            quoting = "; put it in quotes" if isinstance(one, int | float) else ""
            message = (
                f"{self.who}: `{key}` names lines by their ids, which are text, and this is {in_words(one)}{quoting}"
            )
            self.form.wrong("type-wrong", path, message)
        return found

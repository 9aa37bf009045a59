"""The models of an order (docs/language.md, Order).

Their validators raise PydanticCustomError: its type is the finding's code, its message goes on after the key's name.
A key whose value is null counts as a key that is not there.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from compiler.language.references import REFERENCE_MARK
from compiler.language.steps import ACTIONS_WITH_PREVIOUS, LineAction, ReliedFailure
from compiler.language.strict_model import as_list
from compiler.values import (
    describe_value,
    format_value,
    normalize_number,
    parse_timestamp,
    quantity_problem,
    value_problem,
)

ORDER_ID_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
LINE_ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"


def is_order_id(value: str) -> bool:
    return re.fullmatch(ORDER_ID_PATTERN, value) is not None


def _invalid(message: str, code: str = "value-invalid", **context: bool) -> PydanticCustomError:
    return PydanticCustomError(code, message.encode("utf-8", "replace").decode(), context)


def _check_order_id(value: str) -> str:
    if not is_order_id(value):
        raise _id_error(value, "._:-", 128)
    return value


def _check_line_id(value: str) -> str:
    if re.fullmatch(LINE_ID_PATTERN, value) is None:
        raise _id_error(value, "._-", 64)
    return value


def _id_error(value: str, marks: str, length: int) -> PydanticCustomError:
    return _invalid(
        f"may have letters, digits and `{marks}`, at most {length} characters, and is {format_value(value)}"
    )


def _check_name(name: object) -> object:
    problem = value_problem(name) if isinstance(name, str) else "is a name, and names are text"
    if problem:
        raise _invalid(problem)
    return name


def _check_value(value: Any) -> Any:
    if problem := value_problem(value):
        raise _invalid(problem)
    return value


def _check_priority(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
        raise _invalid(f"must be a whole number from 1 (first) to 5, and is {describe_value(value)}")
    return value


def _check_quantity(value: Any) -> int | float:
    if problem := quantity_problem(value):
        raise _invalid(f"must be a number above 0, and {problem}", "quantity-invalid")
    return normalize_number(value)


def _check_timestamp(value: object) -> datetime:
    try:
        return parse_timestamp(value)
    except (ValueError, OverflowError):
        message = f"must be a time like 2026-12-01T08:00:00Z, and is {describe_value(value)}"
        raise _invalid(message, "type-wrong") from None


def _check_action_has_previous(value: object, info: ValidationInfo) -> object:
    action = info.data.get("action")
    if action is not None and action not in ACTIONS_WITH_PREVIOUS:
        message = f"is for modify and delete lines, and this line is `{action}`: omit it"
        raise _invalid(message, "previous-misplaced", at_key=True)
    return value


def _check_not_empty(value: object) -> object:
    if value in ([], ()):
        raise _invalid("is empty: nothing would be done", "order-without-lines")
    return value


Text = Annotated[str, Strict(), AfterValidator(_check_value)]
OrderId = Annotated[Text, AfterValidator(_check_order_id), Field(json_schema_extra={"pattern": ORDER_ID_PATTERN})]
LineId = Annotated[Text, AfterValidator(_check_line_id), Field(json_schema_extra={"pattern": LINE_ID_PATTERN})]
OrderedProduct = Annotated[Text, Field(json_schema_extra={REFERENCE_MARK: "ordered_product"})]
"""A commercial product, by id or code."""
LineReference = Annotated[Text, Field(json_schema_extra={"pattern": LINE_ID_PATTERN})]
"""A line's id. Whether the order has such a line is checked when the lines are built."""
Quantity = Annotated[int | float, BeforeValidator(_check_quantity)]
_TimestampText = Annotated[str, Field(examples=["2026-12-01T08:00:00Z", "2026-12-01"])]
Timestamp = Annotated[datetime, BeforeValidator(_check_timestamp, json_schema_input_type=_TimestampText)]
Name = Annotated[str, BeforeValidator(_check_name)]
LineReferences = Annotated[
    list[LineReference], BeforeValidator(as_list, json_schema_input_type=list[LineReference] | LineReference)
]
UnitReferences = Annotated[list[Text], BeforeValidator(as_list, json_schema_input_type=list[Text] | Text)]
Values = dict[Name, Annotated[Any, AfterValidator(_check_value)]]
"""Values that expressions can compute with, by name."""


class OrderModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        if isinstance(data, dict) and None in data.values():
            optional = cls.model_fields.keys() - {"lines"}
            return {key: value for key, value in data.items() if value is not None or key not in optional}
        return data


class Customer(OrderModel):
    """Whom the order is for."""

    id: Text
    """The customer's id in your systems."""
    name: Text | None = None
    """The customer's name."""
    tier: Text | None = None
    """The customer's tier, such as gold. Receivers and expressions can use it."""


class Previous(OrderModel):
    """What the customer had before a modify or delete line."""

    attributes: Values = {}
    """The attributes that the customer had."""
    quantity: Quantity = 1
    """How many the customer had."""


class OrderLine(OrderModel):
    """What the customer wants of one product."""

    id: LineId
    """The line's id, unique in the order."""
    product: OrderedProduct
    """The commercial product, by id or code."""
    quantity: Quantity = 1
    """How many; whole, unless the product declares `quantity: decimal`."""
    action: LineAction = LineAction.ADD
    """add, modify, delete or no_change."""
    attributes: Values = {}
    """The values that the product's attributes have. On a modify or delete line, what is not given stays as it was."""
    previous: Annotated[Previous | None, BeforeValidator(_check_action_has_previous)] = None
    """What the customer had before (modify and delete lines)."""
    lines: list[OrderLine] | None = None
    """Child lines. None: the product's components make them; an empty list means that there are none."""
    relies_on: LineReferences = []
    """Ids of lines: nothing of this line starts before they are complete."""
    on_relied_failure: ReliedFailure | None = None
    """What becomes of this line if one that it relies on is rolled back. None: what its product says."""
    requested_start: Timestamp | None = None
    """The line does not start before this time."""
    requested_completion: Timestamp | None = None
    """When the line should be complete."""
    external_ids: dict[Name, Text] = {}
    """The line's ids in other systems, by name."""


def complete_from_previous(line: OrderLine) -> OrderLine:
    """The line with what it does not mention as in its `previous`. A null stays: it takes the value away."""
    previous = line.previous
    if previous is None or line.action not in ACTIONS_WITH_PREVIOUS:
        return line
    quantity = line.quantity if "quantity" in line.model_fields_set else previous.quantity
    return line.model_copy(update={"quantity": quantity, "attributes": {**previous.attributes, **line.attributes}})


def line_request_digest(line: OrderLine) -> str:
    """A digest of what a line asks for, without its child lines and its ids in other systems."""
    left_out = {"lines", "external_ids"}
    if line.on_relied_failure is None:
        left_out.add("on_relied_failure")  # digests of lines without it stay what they were before the key existed
    text = line.model_dump_json(exclude=left_out)
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Order(OrderModel):
    """What a customer orders."""

    id: OrderId
    """The order's id: the business key. An order is fulfilled once, however often it is submitted."""
    customer: Customer | None = None
    """Whom the order is for."""
    priority: Annotated[int, Field(ge=1, le=5), BeforeValidator(_check_priority)] = 3
    """1 (first) to 5."""
    requested_start: Timestamp | None = None
    """The order does not start before this time."""
    requested_completion: Timestamp | None = None
    """When the order should be complete."""
    characteristics: Values = {}
    """Values of the whole order, by name. People and systems can set them while the order runs."""
    lines: Annotated[list[OrderLine], Field(min_length=1), BeforeValidator(_check_not_empty)]
    """What is ordered: one line for each product."""
    drop_units: UnitReferences = []
    """For an amendment: the units (`router@1#2`) that go first where a quantity goes down."""

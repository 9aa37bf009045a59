"""Orders as they come in: YAML or JSON (docs/language.md, Order)."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from compiler.language.steps import LineAction

ORDER_ID_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
LINE_ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"


def is_order_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(ORDER_ID_PATTERN, value) is not None


OrderId = Annotated[str, Field(pattern=ORDER_ID_PATTERN)]
LineId = Annotated[str, Field(pattern=LINE_ID_PATTERN)]


class OrderModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Customer(OrderModel):
    id: str
    name: str | None = None
    tier: str | None = None


class Previous(OrderModel):
    """What the customer had before a modify or delete line."""

    attributes: dict[str, Any] = {}
    quantity: int | float = 1


class OrderLine(OrderModel):
    id: LineId
    product: str
    quantity: int | float = 1
    action: LineAction = LineAction.ADD
    attributes: dict[str, Any] = {}
    previous: Previous | None = None
    lines: list[OrderLine] | None = None
    """Child lines. None: the product's components make them; an empty list spells nothing out."""
    relies_on: list[LineId] = []
    requested_start: datetime | None = None
    requested_completion: datetime | None = None
    external_ids: dict[str, str] = {}


def line_request_digest(line: OrderLine) -> str:
    """A digest of what a line asks for, its child lines and its ids in other systems apart."""
    text = line.model_dump_json(exclude={"lines", "external_ids"})
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Order(OrderModel):
    id: OrderId
    customer: Customer | None = None
    priority: int = Field(3, ge=1, le=5)
    requested_start: datetime | None = None
    requested_completion: datetime | None = None
    characteristics: dict[str, Any] = {}
    lines: list[OrderLine] = Field(min_length=1)

"""The tabs of an order's page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from console.presenting.order.heading import OrderHeading
from console.services import Console
from operations.reading.order_details import OrderDetails

ChoiceT = TypeVar("ChoiceT", bound=str)
TabValues = Callable[[Console, Request, OrderHeading], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class OrderTab:
    name: str
    """In the address: `?view=plan`."""
    label: str
    template: str
    """Extends `order/page.html`, and fills its block `tab`."""
    values: TabValues
    """What the template gets beside `heading`."""
    begin: Callable[[Console, Request, str], Awaitable[OrderDetails] | None] = lambda *_: None
    """Called with the order's id before anything is read: begins what takes long and is asked for later. It returns the
    order without its steps if it reads that, too."""
    redraws_itself: bool = False
    """Its script keeps it current. Otherwise, it is replaced whenever the order changes."""


def choice(request: Request, name: str, choices: Sequence[ChoiceT]) -> ChoiceT:
    """A parameter that is one of `choices`; the first of them if it is missing, or none of them."""
    given = request.query_params.get(name, "")
    return next((each for each in choices if each == given), choices[0])


def page_number(request: Request) -> int:
    given = request.query_params.get("page", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else 1

"""Inventory Management: stock of devices.

A reservation is `reserved`, then `shipped` or `released`; `reserved` again where its parcel comes back.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.credentials import Bearer
from sandbox.errors import BusinessError
from sandbox.idempotency import Working, system_router
from sandbox.request_context import Resource, Work

router = system_router("inventory", Bearer("INVENTORY_TOKEN"))

FIRST_STOCK = {
    "hub-1": 100_000,
    "cam-indoor": 500_000,
    "cam-outdoor": 500_000,
    "router-branch": 100_000,
    "router-campus": 20_000,
}
"""What lies in a new warehouse, by SKU."""


class ReservationWanted(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    customer: str | None = None


class ReservationChange(BaseModel):
    """What is to be reserved instead; what is left out stays."""

    sku: str | None = None
    quantity: int | None = Field(None, ge=1)


class Return(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    customer: str | None = None


class Stock(BaseModel):
    quantity: int = Field(ge=0)


def _stock(work: Work, sku: str) -> Resource:
    if found := work.find("stock", sku):
        return found
    if sku in FIRST_STOCK:
        return work.keep("stock", Resource(id=sku, state="listed", available=FIRST_STOCK[sku]))
    raise BusinessError("unknown_sku", f"there is no article {sku}", 422)


def _book(work: Work, sku: str, difference: int) -> None:
    stock = _stock(work, sku)
    work.move("stock", stock, "listed", available=stock.known("available") + difference)


def _take(work: Work, sku: str, quantity: int) -> None:
    available = _stock(work, sku).known("available")
    if available < quantity:
        raise BusinessError("out_of_stock", f"{quantity} of {sku} wanted, {available} there")
    _book(work, sku, -quantity)


@router.get("/stock/{sku}")
async def stock(sku: str, work: Working) -> Resource:
    return _stock(work, sku)


@router.put("/stock/{sku}")
async def count_stock(sku: str, counted: Stock, work: Working) -> Resource:
    """Sets what is there, for an article that may be new."""
    return work.keep("stock", Resource(id=sku, state="listed", available=counted.quantity))


@router.post("/reservations", status_code=201)
async def reserve(wanted: ReservationWanted, work: Working) -> Resource:
    _take(work, wanted.sku, wanted.quantity)
    return work.create("reservation", "RES", "reserved", **wanted.model_dump())


@router.get("/reservations/{id}")
async def reservation(id: str, work: Working) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("reservation", id)


@router.patch("/reservations/{id}")
async def change_reservation(id: str, wanted: ReservationChange, work: Working) -> Resource:  # noqa: A002
    held = work.get("reservation", id)
    if held.state != "reserved":
        raise BusinessError(f"already_{held.state}", f"reservation {id} is {held.state}")
    sku, quantity = wanted.sku or held.known("sku"), wanted.quantity or held.known("quantity")
    _book(work, held.known("sku"), held.known("quantity"))
    _take(work, sku, quantity)
    return work.move("reservation", held, "reserved", sku=sku, quantity=quantity)


@router.delete("/reservations/{id}")
async def release(id: str, work: Working) -> Resource:  # noqa: A002
    held = work.get("reservation", id)
    if held.state != "reserved":
        raise BusinessError(f"already_{held.state}", f"reservation {id} is {held.state}")
    _book(work, held.known("sku"), held.known("quantity"))
    return work.move("reservation", held, "released")


@router.post("/returns", status_code=201)
async def take_back(sent: Return, work: Working) -> Resource:
    """A customer's devices come back into stock."""
    _book(work, sent.sku, sent.quantity)
    return work.create("return", "RET", "received", **sent.model_dump())


def book_out(work: Work, reservations: list[str]) -> None:
    """The warehouse ships what was reserved. Raises BusinessError for what is not held."""
    inventory = work.of("inventory")
    for id_ in reservations:
        held = inventory.get("reservation", id_)
        if held.state != "reserved":
            raise BusinessError("reservation_not_held", f"reservation {id_} is {held.state}")
        inventory.move("reservation", held, "shipped")


def book_in(work: Work, reservations: list[str]) -> None:
    """A parcel is back: what it held is reserved as before it was shipped, and may be released."""
    inventory = work.of("inventory")
    for id_ in reservations:
        sent = inventory.get("reservation", id_)
        if sent.state == "shipped":
            inventory.move("reservation", sent, "reserved")

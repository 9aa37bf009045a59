"""Inventory Management: stock of devices.

A reservation is `reserved`, then `shipped` or `released`. It is `reserved` again if its parcel comes back.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import bearer_token
from sandbox.errors import BusinessError
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.unit_of_work import Resource, UnitOfWork

router = system_router("inventory", bearer_token("INVENTORY_TOKEN"), reservations="reservation")

INITIAL_STOCK = {
    "hub-1": 100_000,
    "cam-indoor": 500_000,
    "cam-outdoor": 500_000,
    "router-branch": 100_000,
    "router-campus": 20_000,
}
"""SKU → quantity in a new warehouse."""


class ReservationRequest(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    customer: str | None = None


class ReservationChangeRequest(BaseModel):
    """What to reserve instead; an omitted field stays as it is."""

    sku: str | None = None
    quantity: int | None = Field(None, ge=1)


class ReturnRequest(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    customer: str | None = None


class StockCountRequest(BaseModel):
    quantity: int = Field(ge=0)


def _get_stock(work: UnitOfWork, sku: str) -> Resource:
    if stock := work.find("stock", sku):
        return stock
    if sku in INITIAL_STOCK:
        return work.save("stock", Resource(id=sku, state="listed", available=INITIAL_STOCK[sku]))
    raise BusinessError("unknown_sku", f"there is no article {sku}", 422)


def _adjust_stock(work: UnitOfWork, sku: str, difference: int) -> None:
    stock = _get_stock(work, sku)
    work.change_state("stock", stock, "listed", available=stock.get_field("available") + difference)


def _remove_stock(work: UnitOfWork, sku: str, quantity: int) -> None:
    available = _get_stock(work, sku).get_field("available")
    if available < quantity:
        raise BusinessError("out_of_stock", f"{quantity} of {sku} requested, {available} available")
    _adjust_stock(work, sku, -quantity)


@router.get("/stock/{sku}")
async def stock(sku: str, work: UnitOfWorkDep) -> Resource:
    return _get_stock(work, sku)


@router.put("/stock/{sku}")
async def count_stock(sku: str, body: StockCountRequest, work: UnitOfWorkDep) -> Resource:
    """Sets the stock of an article, which may be new."""
    return work.save("stock", Resource(id=sku, state="listed", available=body.quantity))


@router.post("/reservations", status_code=201)
async def reserve(body: ReservationRequest, work: UnitOfWorkDep) -> Resource:
    _remove_stock(work, body.sku, body.quantity)
    return work.create("reservation", "RES", "reserved", **body.model_dump())


@router.patch("/reservations/{id}")
async def change_reservation(id: str, body: ReservationChangeRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    held = work.get_in_state("reservation", id, "reserved")
    sku, quantity = body.sku or held.get_field("sku"), body.quantity or held.get_field("quantity")
    _adjust_stock(work, held.get_field("sku"), held.get_field("quantity"))
    _remove_stock(work, sku, quantity)
    return work.change_state("reservation", held, "reserved", sku=sku, quantity=quantity)


@router.delete("/reservations/{id}")
async def release(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    held = work.get_in_state("reservation", id, "reserved")
    _adjust_stock(work, held.get_field("sku"), held.get_field("quantity"))
    return work.change_state("reservation", held, "released")


@router.post("/returns", status_code=201)
async def receive_return(body: ReturnRequest, work: UnitOfWorkDep) -> Resource:
    """Puts a customer's devices back into stock."""
    _adjust_stock(work, body.sku, body.quantity)
    return work.create("return", "RET", "received", **body.model_dump())


def ship_reservations(work: UnitOfWork, reservations: list[str]) -> None:
    """Marks reservations as shipped. Raises BusinessError if one is not reserved."""
    inventory = work.for_system("inventory")
    for id_ in reservations:
        held = inventory.get("reservation", id_)
        if held.state != "reserved":
            raise BusinessError("reservation_not_held", f"reservation {id_} is {held.state}")
        inventory.change_state("reservation", held, "shipped")


def unship_reservations(work: UnitOfWork, reservations: list[str]) -> None:
    """The parcel came back: its reservations are as before it was shipped."""
    inventory = work.for_system("inventory")
    for id_ in reservations:
        sent = inventory.get("reservation", id_)
        if sent.state == "shipped":
            inventory.change_state("reservation", sent, "reserved")

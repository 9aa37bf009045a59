"""Logistics: parcels. A shipment is `in_transit`, then `delivered`; it can be `recalled` on its way, `returned` after.

That a shipment was delivered is told by the event `shipment_delivered`, whose key is the tracking number.
"""

from __future__ import annotations

import secrets

from pydantic import BaseModel

from sandbox.credentials import ApiKey
from sandbox.errors import BusinessError
from sandbox.idempotency import Working, system_router
from sandbox.inventory import book_in, book_out
from sandbox.request_context import Resource, Work
from sandbox.store import timestamp

router = system_router("logistics", ApiKey("X-Api-Key", "LOGISTICS_API_KEY"))


class ShipmentWanted(BaseModel):
    reservations: list[str]
    customer: str | None = None
    address: str | None = None
    service: str = "standard"


@router.post("/shipments", status_code=201)
async def ship(wanted: ShipmentWanted, work: Working) -> Resource:
    if not wanted.reservations:
        raise BusinessError("nothing_to_ship", "a shipment needs at least one reservation", 422)
    book_out(work, wanted.reservations)
    tracking = f"TRK-{secrets.token_hex(5)}"
    shipment = work.create("shipment", "SHP", "in_transit", tracking=tracking, **wanted.model_dump())
    work.later("deliver", shipment, "delivery")
    return shipment


@router.get("/shipments/{id}")
async def shipment(id: str, work: Working) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("shipment", id)


@router.delete("/shipments/{id}")
async def recall(id: str, work: Working) -> Resource:  # noqa: A002
    """Fetches a parcel back on its way, or after its delivery. What it holds is reserved again, as before."""
    sent = work.get("shipment", id)
    if sent.state not in ("in_transit", "delivered"):
        raise BusinessError(f"already_{sent.state}", f"shipment {id} is {sent.state}")
    book_in(work, sent.known("reservations"))
    return work.move("shipment", sent, "recalled" if sent.state == "in_transit" else "returned")


def deliver(work: Work, id_: str) -> None:
    sent = work.get("shipment", id_)
    if sent.state != "in_transit":
        return
    delivered_at = timestamp()
    work.move("shipment", sent, "delivered", delivered_at=delivered_at)
    tracking = sent.known("tracking")
    work.publish("shipment_delivered", tracking, {"shipment": id_, "tracking": tracking, "delivered_at": delivered_at})


MOMENTS = {"deliver": deliver}

"""Logistics: parcels. A shipment is `in_transit`, then `delivered`; it can be `recalled` before and `returned` after.

The event `shipment_delivered`, whose key is the tracking number, reports the delivery.
"""

from __future__ import annotations

import secrets

from pydantic import BaseModel

from sandbox.authentication import api_key
from sandbox.errors import BusinessError
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.store import timestamp
from sandbox.systems.inventory import ship_reservations, unship_reservations
from sandbox.unit_of_work import Resource, UnitOfWork

router = system_router("logistics", api_key("X-Api-Key", "LOGISTICS_API_KEY"), shipments="shipment")


class ShipmentRequest(BaseModel):
    reservations: list[str]
    customer: str | None = None
    address: str | None = None
    service: str = "standard"


@router.post("/shipments", status_code=201)
async def ship(body: ShipmentRequest, work: UnitOfWorkDep) -> Resource:
    if not body.reservations:
        raise BusinessError("nothing_to_ship", "a shipment needs at least one reservation", 422)
    ship_reservations(work, body.reservations)
    tracking = f"TRK-{secrets.token_hex(5)}"
    shipment = work.create("shipment", "SHP", "in_transit", tracking=tracking, **body.model_dump())
    work.schedule("deliver", shipment, "delivery")
    return shipment


@router.delete("/shipments/{id}")
async def recall(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """Fetches a parcel back, also after its delivery. What it holds is reserved again."""
    sent = work.get_in_state("shipment", id, "in_transit", "delivered")
    unship_reservations(work, sent.get_field("reservations"))
    return work.change_state("shipment", sent, "recalled" if sent.state == "in_transit" else "returned")


def deliver(work: UnitOfWork, id_: str) -> None:
    sent = work.get("shipment", id_)
    if sent.state != "in_transit":
        return
    delivered_at = timestamp()
    work.change_state("shipment", sent, "delivered", delivered_at=delivered_at)
    tracking = sent.get_field("tracking")
    payload = {"shipment": id_, "tracking": tracking, "delivered_at": delivered_at}
    work.publish_event("shipment_delivered", tracking, payload)

"""Logistics: parcels. A shipment is `in_transit`, then `delivered`; it can be `recalled` on its way, `returned` after.

That a shipment was delivered is told by the event `shipment_delivered`, whose key is the tracking number.
"""

from __future__ import annotations

import secrets

from pydantic import BaseModel

from sandbox.authentication import ApiKeyAuthenticator
from sandbox.errors import BusinessError
from sandbox.inventory import ship_reservations, unship_reservations
from sandbox.request_context import Resource, UnitOfWork
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.store import timestamp

router = system_router("logistics", ApiKeyAuthenticator("X-Api-Key", "LOGISTICS_API_KEY"))


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


@router.get("/shipments/{id}")
async def shipment(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("shipment", id)


@router.delete("/shipments/{id}")
async def recall(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """Fetches a parcel back on its way, or after its delivery. What it holds is reserved again, as before."""
    sent = work.get("shipment", id)
    if sent.state not in ("in_transit", "delivered"):
        raise BusinessError(f"already_{sent.state}", f"shipment {id} is {sent.state}")
    unship_reservations(work, sent.get_field("reservations"))
    return work.change_state("shipment", sent, "recalled" if sent.state == "in_transit" else "returned")


def deliver(work: UnitOfWork, id_: str) -> None:
    sent = work.get("shipment", id_)
    if sent.state != "in_transit":
        return
    delivered_at = timestamp()
    work.change_state("shipment", sent, "delivered", delivered_at=delivered_at)
    tracking = sent.get_field("tracking")
    work.publish_event(
        "shipment_delivered", tracking, {"shipment": id_, "tracking": tracking, "delivered_at": delivered_at}
    )


SCHEDULED_ACTIONS = {"deliver": deliver}

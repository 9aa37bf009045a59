"""Carrier Access: circuits of the carriers that own the last mile.

A circuit is `ordered`, then `handed_over` (a callback reports it), then `ceased`. Until the hand-over it can be
`cancelled`.
"""

from __future__ import annotations

import secrets

from pydantic import BaseModel, Field

from sandbox.authentication import api_key
from sandbox.errors import BusinessError
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.unit_of_work import Resource, UnitOfWork

router = system_router("access", api_key("X-Api-Key", "ACCESS_API_KEY"), circuits="circuit")

CARRIER_MAX_MBPS = {"northlink": 1000, "rhinefibre": 1000, "alpentel": 250, "metronet": 10_000}
"""Carrier → its fastest circuit, in Mbit/s."""


class CircuitRequest(BaseModel):
    carrier: str
    site: str
    postcode: str
    mbps: int = Field(ge=1)
    customer: str | None = None
    callback: str | None = None


class CircuitCessationRequest(BaseModel):
    site: str
    customer: str | None = None


@router.post("/circuits", status_code=202)
async def order_circuit(body: CircuitRequest, work: UnitOfWorkDep) -> Resource:
    if body.carrier not in CARRIER_MAX_MBPS:
        raise BusinessError("unknown_carrier", f"we have no contract with {body.carrier}", 422)
    if body.mbps > CARRIER_MAX_MBPS[body.carrier]:
        fastest = CARRIER_MAX_MBPS[body.carrier]
        raise BusinessError("not_serviceable", f"{body.carrier} sells {fastest} Mbit/s at most", 422)
    circuit = work.create("circuit", "CIR", "ordered", **body.model_dump())
    work.schedule("hand_over", circuit, "handover")
    return circuit


@router.delete("/circuits/{id}")
async def remove_circuit(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get_in_state("circuit", id, "ordered", "handed_over")
    return work.change_state("circuit", open_, "cancelled" if open_.state == "ordered" else "ceased")


@router.post("/cessations")
async def cease_circuits(body: CircuitCessationRequest, work: UnitOfWorkDep) -> Resource:
    """Ends every circuit of a site. Having none is not an error."""
    filters = {"site": body.site, "customer": body.customer}
    ceased = work.change_all("circuit", ("ordered", "handed_over"), "ceased", **filters)
    return work.create("cessation", "CES", "done", ceased=ceased, **body.model_dump())


def hand_over(work: UnitOfWork, id_: str) -> None:
    ordered = work.get("circuit", id_)
    if ordered.state != "ordered":
        return
    reference = f"{str(ordered.get_field('carrier'))[:3].upper()}-{secrets.token_hex(3).upper()}"
    work.change_state("circuit", ordered, "handed_over", carrier_reference=reference)
    body = {"circuit": id_, "state": "handed_over", "carrier_reference": reference}
    work.send_callback(ordered.get_field("callback"), body)

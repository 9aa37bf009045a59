"""Carrier Access: circuits of the carriers that own the last mile.

A circuit is `ordered`, then `handed_over` (told by callback), then `ceased`; until its hand-over it can be
`cancelled`.
"""

from __future__ import annotations

import secrets

from pydantic import BaseModel, Field

from sandbox.authentication import ApiKeyAuthenticator
from sandbox.errors import BusinessError
from sandbox.request_context import Resource, UnitOfWork
from sandbox.request_pipeline import UnitOfWorkDep, system_router

router = system_router("access", ApiKeyAuthenticator("X-Api-Key", "ACCESS_API_KEY"))

CARRIER_MAX_MBPS = {"northlink": 1000, "rhinefibre": 1000, "alpentel": 250, "metronet": 10_000}
"""By carrier, the fastest circuit that it sells, in Mbit/s."""


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


@router.get("/circuits/{id}")
async def circuit(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("circuit", id)


@router.delete("/circuits/{id}")
async def give_up_circuit(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get("circuit", id)
    if open_.state not in ("ordered", "handed_over"):
        raise BusinessError(f"already_{open_.state}", f"circuit {id} is {open_.state}")
    return work.change_state("circuit", open_, "cancelled" if open_.state == "ordered" else "ceased")


@router.post("/cessations")
async def cease_circuits(body: CircuitCessationRequest, work: UnitOfWorkDep) -> Resource:
    """Ends every circuit of a site. None is no error: what was asked for holds."""
    open_ = work.find_all("circuit", ("ordered", "handed_over"), site=body.site, customer=body.customer)
    ceased = [work.change_state("circuit", each, "ceased").id for each in open_]
    return work.create("cessation", "CES", "done", ceased=ceased, **body.model_dump())


def hand_over(work: UnitOfWork, id_: str) -> None:
    ordered = work.get("circuit", id_)
    if ordered.state != "ordered":
        return
    reference = f"{str(ordered.get_field('carrier'))[:3].upper()}-{secrets.token_hex(3).upper()}"
    work.change_state("circuit", ordered, "handed_over", carrier_reference=reference)
    told = {"circuit": id_, "state": "handed_over", "carrier_reference": reference}
    work.send_callback(ordered.get_field("callback"), told)


SCHEDULED_ACTIONS = {"hand_over": hand_over}

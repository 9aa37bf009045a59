"""Carrier Access: circuits of the carriers that own the last mile.

A circuit is `ordered`, then `handed_over` (told by callback), then `ceased`; until its hand-over it can be
`cancelled`.
"""

from __future__ import annotations

import secrets

from pydantic import BaseModel, Field

from sandbox.credentials import ApiKey
from sandbox.errors import BusinessError
from sandbox.idempotency import Working, system_router
from sandbox.request_context import Resource, Work

router = system_router("access", ApiKey("X-Api-Key", "ACCESS_API_KEY"))

CARRIERS = {"northlink": 1000, "rhinefibre": 1000, "alpentel": 250, "metronet": 10_000}
"""By carrier, the fastest circuit that it sells, in Mbit/s."""


class CircuitWanted(BaseModel):
    carrier: str
    site: str
    postcode: str
    mbps: int = Field(ge=1)
    customer: str | None = None
    callback: str | None = None


class Cessation(BaseModel):
    site: str
    customer: str | None = None


@router.post("/circuits", status_code=202)
async def order_circuit(wanted: CircuitWanted, work: Working) -> Resource:
    if wanted.carrier not in CARRIERS:
        raise BusinessError("unknown_carrier", f"we have no contract with {wanted.carrier}", 422)
    if wanted.mbps > CARRIERS[wanted.carrier]:
        fastest = CARRIERS[wanted.carrier]
        raise BusinessError("not_serviceable", f"{wanted.carrier} sells {fastest} Mbit/s at most", 422)
    circuit = work.create("circuit", "CIR", "ordered", **wanted.model_dump())
    work.later("hand_over", circuit, "handover")
    return circuit


@router.get("/circuits/{id}")
async def circuit(id: str, work: Working) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("circuit", id)


@router.delete("/circuits/{id}")
async def give_up_circuit(id: str, work: Working) -> Resource:  # noqa: A002
    open_ = work.get("circuit", id)
    if open_.state not in ("ordered", "handed_over"):
        raise BusinessError(f"already_{open_.state}", f"circuit {id} is {open_.state}")
    return work.move("circuit", open_, "cancelled" if open_.state == "ordered" else "ceased")


@router.post("/cessations")
async def cease_circuits(wanted: Cessation, work: Working) -> Resource:
    """Ends every circuit of a site. None is no error: what was asked for holds."""
    open_ = work.all("circuit", ("ordered", "handed_over"), site=wanted.site, customer=wanted.customer)
    ceased = [work.move("circuit", each, "ceased").id for each in open_]
    return work.create("cessation", "CES", "done", ceased=ceased, **wanted.model_dump())


def hand_over(work: Work, id_: str) -> None:
    ordered = work.get("circuit", id_)
    if ordered.state != "ordered":
        return
    reference = f"{str(ordered.known('carrier'))[:3].upper()}-{secrets.token_hex(3).upper()}"
    work.move("circuit", ordered, "handed_over", carrier_reference=reference)
    told = {"circuit": id_, "state": "handed_over", "carrier_reference": reference}
    work.call_back(ordered.known("callback"), told)


MOMENTS = {"hand_over": hand_over}

"""Service Installation Request: the field force's diary.

A request is `requested`, then `booked` (told by callback), then `done`; until then it can be `cancelled`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from sandbox.credentials import Basic
from sandbox.errors import BusinessError
from sandbox.idempotency import Working, system_router
from sandbox.request_context import Resource, Work
from sandbox.store import now, timestamp

router = system_router("installation", Basic("ordo", "INSTALLATION_PASSWORD"))

TECHNICIANS = ("A. Okafor", "M. Lindqvist", "R. Castellanos", "J. Nakamura")


class VisitWanted(BaseModel):
    customer: str | None = None
    address: str | None = None
    skill: Literal["alarm", "network"] = "alarm"
    hours: float = Field(1, gt=0, le=40)
    callback: str | None = None


class Report(BaseModel):
    outcome: str
    notes: str | None = None


@router.post("/requests", status_code=202)
async def request_visit(wanted: VisitWanted, work: Working) -> Resource:
    request = work.create("request", "SIR", "requested", **wanted.model_dump())
    work.later("book", request, "booking")
    return request


@router.get("/requests/{id}")
async def request(id: str, work: Working) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("request", id)


@router.post("/requests/{id}/report")
async def report(id: str, told: Report, work: Working) -> Resource:  # noqa: A002
    """What the technician found and did."""
    booked = work.get("request", id)
    if booked.state != "booked":
        raise BusinessError("no_visit_booked", f"request {id} is {booked.state}")
    return work.move("request", booked, "done", **told.model_dump())


@router.delete("/requests/{id}")
async def cancel_visit(id: str, work: Working) -> Resource:  # noqa: A002
    open_ = work.get("request", id)
    if open_.state not in ("requested", "booked"):
        raise BusinessError(f"already_{open_.state}", f"request {id} is {open_.state}")
    return work.move("request", open_, "cancelled")


def book(work: Work, id_: str) -> None:
    open_ = work.get("request", id_)
    if open_.state != "requested":
        return
    technician = TECHNICIANS[sum(id_.encode()) % len(TECHNICIANS)]
    visit_at = timestamp(now() + work.delay("appointment"))
    work.move("request", open_, "booked", technician=technician, visit_at=visit_at)
    told = {"request": id_, "state": "booked", "technician": technician, "visit_at": visit_at}
    work.call_back(open_.known("callback"), told)


MOMENTS = {"book": book}

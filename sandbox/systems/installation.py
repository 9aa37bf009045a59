"""Service Installation Request: visits of technicians.

A request is `requested`, then `booked` (a callback reports it), then `done`. Until then it can be `cancelled`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from sandbox.authentication import basic_auth
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.store import now, timestamp
from sandbox.unit_of_work import Resource, UnitOfWork

router = system_router("installation", basic_auth("ordo", "INSTALLATION_PASSWORD"), requests="request")

TECHNICIANS = ("A. Okafor", "M. Lindqvist", "R. Castellanos", "J. Nakamura")


class VisitRequest(BaseModel):
    customer: str | None = None
    address: str | None = None
    skill: Literal["alarm", "network"] = "alarm"
    hours: float = Field(1, gt=0, le=40)
    callback: str | None = None


class VisitReport(BaseModel):
    outcome: str
    notes: str | None = None


@router.post("/requests", status_code=202)
async def request_visit(body: VisitRequest, work: UnitOfWorkDep) -> Resource:
    request = work.create("request", "SIR", "requested", **body.model_dump())
    work.schedule("book", request, "booking")
    return request


@router.post("/requests/{id}/report")
async def report(id: str, body: VisitReport, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """The technician's report of the visit."""
    booked = work.get_in_state("request", id, "booked", code="no_visit_booked")
    return work.change_state("request", booked, "done", **body.model_dump())


@router.delete("/requests/{id}")
async def cancel_visit(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get_in_state("request", id, "requested", "booked")
    return work.change_state("request", open_, "cancelled")


def book(work: UnitOfWork, id_: str) -> None:
    open_ = work.get("request", id_)
    if open_.state != "requested":
        return
    technician = TECHNICIANS[sum(id_.encode()) % len(TECHNICIANS)]
    visit_at = timestamp(now() + work.delay_seconds("appointment"))
    work.change_state("request", open_, "booked", technician=technician, visit_at=visit_at)
    body = {"request": id_, "state": "booked", "technician": technician, "visit_at": visit_at}
    work.send_callback(open_.get_field("callback"), body)

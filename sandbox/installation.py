"""Service Installation Request: the field force's diary.

A request is `requested`, then `booked` (told by callback), then `done`; until then it can be `cancelled`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from sandbox.authentication import BasicAuthenticator
from sandbox.errors import BusinessError
from sandbox.request_context import Resource, UnitOfWork
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.store import now, timestamp

router = system_router("installation", BasicAuthenticator("ordo", "INSTALLATION_PASSWORD"))

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


@router.get("/requests/{id}")
async def request(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("request", id)


@router.post("/requests/{id}/report")
async def report(id: str, body: VisitReport, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """What the technician found and did."""
    booked = work.get("request", id)
    if booked.state != "booked":
        raise BusinessError("no_visit_booked", f"request {id} is {booked.state}")
    return work.change_state("request", booked, "done", **body.model_dump())


@router.delete("/requests/{id}")
async def cancel_visit(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get("request", id)
    if open_.state not in ("requested", "booked"):
        raise BusinessError(f"already_{open_.state}", f"request {id} is {open_.state}")
    return work.change_state("request", open_, "cancelled")


def book(work: UnitOfWork, id_: str) -> None:
    open_ = work.get("request", id_)
    if open_.state != "requested":
        return
    technician = TECHNICIANS[sum(id_.encode()) % len(TECHNICIANS)]
    visit_at = timestamp(now() + work.delay_seconds("appointment"))
    work.change_state("request", open_, "booked", technician=technician, visit_at=visit_at)
    told = {"request": id_, "state": "booked", "technician": technician, "visit_at": visit_at}
    work.send_callback(open_.get_field("callback"), told)


SCHEDULED_ACTIONS = {"book": book}

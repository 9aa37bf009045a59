"""Warranty Registration: a warranty is `registered`, and may be made `void`. Open to whoever reaches it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import NoAuthentication
from sandbox.errors import BusinessError
from sandbox.request_context import Resource
from sandbox.request_pipeline import UnitOfWorkDep, system_router

router = system_router("warranty", NoAuthentication())

MAX_YEARS = 5
"""Years."""


class WarrantyRequest(BaseModel):
    years: int = Field(ge=1)
    customer: str | None = None
    covers: str | None = None


class CancellationRequest(BaseModel):
    customer: str | None = None


@router.post("/warranties", status_code=201)
async def register(body: WarrantyRequest, work: UnitOfWorkDep) -> Resource:
    if body.years > MAX_YEARS:
        raise BusinessError("term_too_long", f"a warranty runs for {MAX_YEARS} years at most", 422)
    return work.create("warranty", "WAR", "registered", **body.model_dump())


@router.get("/warranties/{id}")
async def warranty(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("warranty", id)


@router.delete("/warranties/{id}")
async def make_void(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    registered = work.get("warranty", id)
    if registered.state != "registered":
        raise BusinessError("already_void", f"warranty {id} is void")
    return work.change_state("warranty", registered, "void")


@router.post("/cancellations")
async def cancel_warranties(body: CancellationRequest, work: UnitOfWorkDep) -> Resource:
    """Makes every warranty of the customer void. None is no error: what was asked for holds."""
    voided = [
        work.change_state("warranty", each, "void").id
        for each in work.find_all("warranty", ("registered",), customer=body.customer)
    ]
    return work.create("cancellation", "CAN", "done", voided=voided, **body.model_dump())

"""Warranty Registration: a warranty is `registered`, and may be made `void`. Open to whoever reaches it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.credentials import Open
from sandbox.errors import BusinessError
from sandbox.idempotency import Working, system_router
from sandbox.request_context import Resource

router = system_router("warranty", Open())

LONGEST = 5
"""Years."""


class WarrantyWanted(BaseModel):
    years: int = Field(ge=1)
    customer: str | None = None
    covers: str | None = None


class Cancellation(BaseModel):
    customer: str | None = None


@router.post("/warranties", status_code=201)
async def register(wanted: WarrantyWanted, work: Working) -> Resource:
    if wanted.years > LONGEST:
        raise BusinessError("term_too_long", f"a warranty runs for {LONGEST} years at most", 422)
    return work.create("warranty", "WAR", "registered", **wanted.model_dump())


@router.get("/warranties/{id}")
async def warranty(id: str, work: Working) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("warranty", id)


@router.delete("/warranties/{id}")
async def make_void(id: str, work: Working) -> Resource:  # noqa: A002
    registered = work.get("warranty", id)
    if registered.state != "registered":
        raise BusinessError("already_void", f"warranty {id} is void")
    return work.move("warranty", registered, "void")


@router.post("/cancellations")
async def cancel_warranties(wanted: Cancellation, work: Working) -> Resource:
    """Makes every warranty of the customer void. None is no error: what was asked for holds."""
    voided = [
        work.move("warranty", each, "void").id
        for each in work.all("warranty", ("registered",), customer=wanted.customer)
    ]
    return work.create("cancellation", "CAN", "done", voided=voided, **wanted.model_dump())

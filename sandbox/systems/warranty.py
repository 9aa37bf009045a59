"""Warranty Registration: a warranty is `registered`, and can be made `void`. Anybody may call it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import no_authentication
from sandbox.errors import BusinessError
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.unit_of_work import Resource

router = system_router("warranty", no_authentication(), warranties="warranty")

MAX_YEARS = 5


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


@router.delete("/warranties/{id}")
async def make_void(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    registered = work.get_in_state("warranty", id, "registered", code="already_void")
    return work.change_state("warranty", registered, "void")


@router.post("/cancellations")
async def cancel_warranties(body: CancellationRequest, work: UnitOfWorkDep) -> Resource:
    """Makes every warranty of the customer void. Having none is not an error."""
    voided = work.change_all("warranty", ("registered",), "void", customer=body.customer)
    return work.create("cancellation", "CAN", "done", voided=voided, **body.model_dump())

"""Billing: an account is `open`, then `active`, then `closed`; an invoice is `issued` and may be `credited`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import bearer_token
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.store import timestamp
from sandbox.unit_of_work import Resource

router = system_router("billing", bearer_token("BILLING_TOKEN"), accounts="account", invoices="invoice")

OPEN_STATES = ("open", "active")


class AccountRequest(BaseModel):
    customer: str | None = None
    reference: str | None = None
    """The order that the account is for."""


class ActivationRequest(BaseModel):
    charges: list[str] = []


class InvoiceRequest(BaseModel):
    amount: float = Field(gt=0)
    currency: str = Field("EUR", pattern="^[A-Z]{3}$")
    text: str = Field(min_length=1)
    customer: str | None = None
    reference: str | None = None


class CustomerAccountsRequest(BaseModel):
    customer: str | None = None


@router.post("/accounts", status_code=201)
async def open_account(body: AccountRequest, work: UnitOfWorkDep) -> Resource:
    return work.create("account", "ACC", "open", **body.model_dump())


@router.post("/accounts/{id}/activation")
async def activate_billing(id: str, body: ActivationRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """Starts the charges."""
    opened = work.get_in_state("account", id, "open")
    return work.change_state("account", opened, "active", charges=body.charges, active_since=timestamp())


@router.delete("/accounts/{id}/activation")
async def stop_billing(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    active = work.get_in_state("account", id, "active", code="not_active")
    return work.change_state("account", active, "open", active_since=None)


@router.delete("/accounts/{id}")
async def close_account(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    opened = work.get_in_state("account", id, *OPEN_STATES, code="already_closed")
    return work.change_state("account", opened, "closed")


@router.post("/rerates")
async def rerate(body: CustomerAccountsRequest, work: UnitOfWorkDep) -> Resource:
    """Recalculates what the customer pays, after their products have changed."""
    rerated = [each.id for each in work.find_all("account", OPEN_STATES, customer=body.customer)]
    return work.create("rerate", "RER", "done", accounts=rerated, **body.model_dump())


@router.post("/closures")
async def close_accounts(body: CustomerAccountsRequest, work: UnitOfWorkDep) -> Resource:
    """Closes every account of the customer. Having none is not an error."""
    closed = work.change_all("account", OPEN_STATES, "closed", customer=body.customer)
    return work.create("closure", "CLO", "done", accounts=closed, **body.model_dump())


@router.post("/invoices", status_code=201)
async def issue_invoice(body: InvoiceRequest, work: UnitOfWorkDep) -> Resource:
    return work.create("invoice", "INV", "issued", **body.model_dump())


@router.post("/invoices/{id}/credit", status_code=201)
async def credit(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    issued = work.get_in_state("invoice", id, "issued", code="already_credited")
    work.change_state("invoice", issued, "credited")
    return work.create("credit", "CRN", "issued", invoice=id, amount=issued.get_field("amount"))

"""Billing: an account is `open`, then `active`, then `closed`; an invoice is `issued` and may be `credited`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import BearerAuthenticator
from sandbox.errors import BusinessError
from sandbox.request_context import Resource
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.store import timestamp

router = system_router("billing", BearerAuthenticator("BILLING_TOKEN"))

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


@router.get("/accounts/{id}")
async def account(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("account", id)


@router.post("/accounts/{id}/activation")
async def activate_billing(id: str, body: ActivationRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """From now on the customer pays."""
    opened = work.get("account", id)
    if opened.state != "open":
        raise BusinessError(f"already_{opened.state}", f"account {id} is {opened.state}")
    return work.change_state("account", opened, "active", charges=body.charges, active_since=timestamp())


@router.delete("/accounts/{id}/activation")
async def stop_billing(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    active = work.get("account", id)
    if active.state != "active":
        raise BusinessError("not_active", f"account {id} is {active.state}")
    return work.change_state("account", active, "open", active_since=None)


@router.delete("/accounts/{id}")
async def close_account(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    opened = work.get("account", id)
    if opened.state not in OPEN_STATES:
        raise BusinessError("already_closed", f"account {id} is closed")
    return work.change_state("account", opened, "closed")


@router.post("/rerates")
async def rerate(body: CustomerAccountsRequest, work: UnitOfWorkDep) -> Resource:
    """Works out anew what the customer pays, after a change of what they have."""
    rerated = [each.id for each in work.find_all("account", OPEN_STATES, customer=body.customer)]
    return work.create("rerate", "RER", "done", accounts=rerated, **body.model_dump())


@router.post("/closures")
async def close_accounts(body: CustomerAccountsRequest, work: UnitOfWorkDep) -> Resource:
    """Closes every account of the customer. None is no error: what was asked for holds."""
    closed = [
        work.change_state("account", each, "closed").id
        for each in work.find_all("account", OPEN_STATES, customer=body.customer)
    ]
    return work.create("closure", "CLO", "done", accounts=closed, **body.model_dump())


@router.post("/invoices", status_code=201)
async def issue_invoice(body: InvoiceRequest, work: UnitOfWorkDep) -> Resource:
    return work.create("invoice", "INV", "issued", **body.model_dump())


@router.get("/invoices/{id}")
async def invoice(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    return work.get("invoice", id)


@router.post("/invoices/{id}/credit", status_code=201)
async def credit(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    issued = work.get("invoice", id)
    if issued.state != "issued":
        raise BusinessError("already_credited", f"invoice {id} is {issued.state}")
    work.change_state("invoice", issued, "credited")
    return work.create("credit", "CRN", "issued", invoice=id, amount=issued.get_field("amount"))

"""Subscription Service: digital services. A subscription is `provisioning`, then `active`, then `ended`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import BearerAuthenticator
from sandbox.errors import BusinessError
from sandbox.request_context import Resource, UnitOfWork
from sandbox.request_pipeline import UnitOfWorkDep, system_router

router = system_router("subscription", BearerAuthenticator("SUBSCRIPTION_TOKEN"))

PLANS = ("household", "premium", "app")
OPEN_STATES = ("provisioning", "active")


class SubscriptionRequest(BaseModel):
    plan: str
    customer: str | None = None
    seats: int = Field(1, ge=1)


class SubscriptionChangeRequest(BaseModel):
    """What one subscription is to be from now on; what is left out stays."""

    plan: str | None = None
    seats: int | None = Field(None, ge=1)


class PlanChangeRequest(BaseModel):
    """What a customer's subscriptions are to be from now on."""

    plan: str
    customer: str | None = None


class SubscriptionCessationRequest(BaseModel):
    customer: str | None = None


def _check_plan(plan: str) -> None:
    if plan not in PLANS:
        raise BusinessError("unknown_plan", f"there is no plan {plan}; there are {', '.join(PLANS)}", 422)


@router.post("/subscriptions", status_code=202)
async def subscribe(body: SubscriptionRequest, work: UnitOfWorkDep) -> Resource:
    _check_plan(body.plan)
    subscription = work.create("subscription", "SUB", "provisioning", **body.model_dump())
    work.schedule("activate", subscription, "activation")
    return subscription


@router.get("/subscriptions/{id}")
async def subscription(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("subscription", id)


@router.patch("/subscriptions/{id}")
async def change_subscription(id: str, body: SubscriptionChangeRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get("subscription", id)
    if open_.state not in OPEN_STATES:
        raise BusinessError(f"already_{open_.state}", f"subscription {id} is {open_.state}")
    if body.plan is not None:
        _check_plan(body.plan)
    return work.change_state("subscription", open_, open_.state, **body.model_dump(exclude_none=True))


@router.delete("/subscriptions/{id}")
async def end_subscription(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get("subscription", id)
    if open_.state not in OPEN_STATES:
        raise BusinessError("already_ended", f"subscription {id} is {open_.state}")
    return work.change_state("subscription", open_, "ended")


@router.post("/changes")
async def change_plan(body: PlanChangeRequest, work: UnitOfWorkDep) -> Resource:
    """Moves every subscription that the customer has to another plan."""
    _check_plan(body.plan)
    changed = [
        work.change_state("subscription", each, each.state, plan=body.plan).id
        for each in work.find_all("subscription", OPEN_STATES, customer=body.customer)
    ]
    return work.create("change", "CHG", "done", changed=changed, **body.model_dump())


@router.post("/cessations")
async def cease(body: SubscriptionCessationRequest, work: UnitOfWorkDep) -> Resource:
    """Ends every subscription that the customer has. None is no error: what was asked for holds."""
    ended = [
        work.change_state("subscription", each, "ended").id
        for each in work.find_all("subscription", OPEN_STATES, customer=body.customer)
    ]
    return work.create("cessation", "CES", "done", ended=ended, **body.model_dump())


def activate(work: UnitOfWork, id_: str) -> None:
    wanted = work.get("subscription", id_)
    if wanted.state == "provisioning":
        work.change_state("subscription", wanted, "active")


SCHEDULED_ACTIONS = {"activate": activate}

"""Subscription Service: digital services. A subscription is `provisioning`, then `active`, then `ended`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import bearer_token
from sandbox.errors import BusinessError
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.unit_of_work import Resource, UnitOfWork

router = system_router("subscription", bearer_token("SUBSCRIPTION_TOKEN"), subscriptions="subscription")

PLANS = ("household", "premium", "app")
OPEN_STATES = ("provisioning", "active")


class SubscriptionRequest(BaseModel):
    plan: str
    customer: str | None = None
    seats: int = Field(1, ge=1)


class SubscriptionChangeRequest(BaseModel):
    """The new values of one subscription; an omitted field stays as it is."""

    plan: str | None = None
    seats: int | None = Field(None, ge=1)


class PlanChangeRequest(BaseModel):
    """The new plan of all subscriptions of a customer."""

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


@router.patch("/subscriptions/{id}")
async def change_subscription(id: str, body: SubscriptionChangeRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get_in_state("subscription", id, *OPEN_STATES)
    if body.plan is not None:
        _check_plan(body.plan)
    return work.change_state("subscription", open_, open_.state, **body.model_dump(exclude_none=True))


@router.delete("/subscriptions/{id}")
async def end_subscription(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    open_ = work.get_in_state("subscription", id, *OPEN_STATES, code="already_ended")
    return work.change_state("subscription", open_, "ended")


@router.post("/changes")
async def change_plan(body: PlanChangeRequest, work: UnitOfWorkDep) -> Resource:
    """Moves every subscription of the customer to another plan."""
    _check_plan(body.plan)
    changed = [
        work.change_state("subscription", each, each.state, plan=body.plan).id
        for each in work.find_all("subscription", OPEN_STATES, customer=body.customer)
    ]
    return work.create("change", "CHG", "done", changed=changed, **body.model_dump())


@router.post("/cessations")
async def cease(body: SubscriptionCessationRequest, work: UnitOfWorkDep) -> Resource:
    """Ends every subscription of the customer. Having none is not an error."""
    ended = work.change_all("subscription", OPEN_STATES, "ended", customer=body.customer)
    return work.create("cessation", "CES", "done", ended=ended, **body.model_dump())


def activate(work: UnitOfWork, id_: str) -> None:
    subscription = work.get("subscription", id_)
    if subscription.state == "provisioning":
        work.change_state("subscription", subscription, "active")

"""Subscription Service: digital services. A subscription is `provisioning`, then `active`, then `ended`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.credentials import Bearer
from sandbox.errors import BusinessError
from sandbox.idempotency import Working, system_router
from sandbox.request_context import Resource, Work

router = system_router("subscription", Bearer("SUBSCRIPTION_TOKEN"))

PLANS = ("household", "premium", "app")
OPEN = ("provisioning", "active")


class SubscriptionWanted(BaseModel):
    plan: str
    customer: str | None = None
    seats: int = Field(1, ge=1)


class SubscriptionChange(BaseModel):
    """What one subscription is to be from now on; what is left out stays."""

    plan: str | None = None
    seats: int | None = Field(None, ge=1)


class Change(BaseModel):
    """What a customer's subscriptions are to be from now on."""

    plan: str
    customer: str | None = None


class Cessation(BaseModel):
    customer: str | None = None


def _check_plan(plan: str) -> None:
    if plan not in PLANS:
        raise BusinessError("unknown_plan", f"there is no plan {plan}; there are {', '.join(PLANS)}", 422)


@router.post("/subscriptions", status_code=202)
async def subscribe(wanted: SubscriptionWanted, work: Working) -> Resource:
    _check_plan(wanted.plan)
    subscription = work.create("subscription", "SUB", "provisioning", **wanted.model_dump())
    work.later("activate", subscription, "activation")
    return subscription


@router.get("/subscriptions/{id}")
async def subscription(id: str, work: Working) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("subscription", id)


@router.patch("/subscriptions/{id}")
async def change_subscription(id: str, wanted: SubscriptionChange, work: Working) -> Resource:  # noqa: A002
    open_ = work.get("subscription", id)
    if open_.state not in OPEN:
        raise BusinessError(f"already_{open_.state}", f"subscription {id} is {open_.state}")
    if wanted.plan is not None:
        _check_plan(wanted.plan)
    return work.move("subscription", open_, open_.state, **wanted.model_dump(exclude_none=True))


@router.delete("/subscriptions/{id}")
async def end_subscription(id: str, work: Working) -> Resource:  # noqa: A002
    open_ = work.get("subscription", id)
    if open_.state not in OPEN:
        raise BusinessError("already_ended", f"subscription {id} is {open_.state}")
    return work.move("subscription", open_, "ended")


@router.post("/changes")
async def change_plan(wanted: Change, work: Working) -> Resource:
    """Moves every subscription that the customer has to another plan."""
    _check_plan(wanted.plan)
    changed = [
        work.move("subscription", each, each.state, plan=wanted.plan).id
        for each in work.all("subscription", OPEN, customer=wanted.customer)
    ]
    return work.create("change", "CHG", "done", changed=changed, **wanted.model_dump())


@router.post("/cessations")
async def cease(wanted: Cessation, work: Working) -> Resource:
    """Ends every subscription that the customer has. None is no error: what was asked for holds."""
    ended = [
        work.move("subscription", each, "ended").id for each in work.all("subscription", OPEN, customer=wanted.customer)
    ]
    return work.create("cessation", "CES", "done", ended=ended, **wanted.model_dump())


def activate(work: Work, id_: str) -> None:
    wanted = work.get("subscription", id_)
    if wanted.state == "provisioning":
        work.move("subscription", wanted, "active")


MOMENTS = {"activate": activate}

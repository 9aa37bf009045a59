"""Network Controller: a controller is `active` or `removed`; a router `configuring`, then `online`, then `removed`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import BearerAuthenticator
from sandbox.errors import BusinessError
from sandbox.request_context import Resource, UnitOfWork
from sandbox.request_pipeline import UnitOfWorkDep, system_router

router = system_router("network", BearerAuthenticator("NETWORK_TOKEN"))

RUNNING_STATES = ("configuring", "online")


class ControllerRequest(BaseModel):
    customer: str | None = None
    name: str | None = None


class RouterRequest(BaseModel):
    site: str
    model: str
    customer: str | None = None


class SegmentRequest(BaseModel):
    name: str = Field(min_length=1)
    vlan: int = Field(ge=1, le=4094)


class PolicyRequest(BaseModel):
    topology: str = "mesh"


class RemovalRequest(BaseModel):
    customer: str
    site: str | None = None
    """None: the whole network, its controllers included."""


def _get_active_controller(work: UnitOfWork, id_: str) -> Resource:
    controller = work.get("controller", id_)
    if controller.state != "active":
        raise BusinessError("controller_removed", f"controller {id_} is {controller.state}")
    return controller


@router.post("/controllers", status_code=201)
async def create_controller(body: ControllerRequest, work: UnitOfWorkDep) -> Resource:
    return work.create("controller", "CTL", "active", **body.model_dump())


@router.get("/controllers/{id}")
async def controller(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("controller", id)


@router.delete("/controllers/{id}")
async def remove_controller(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    active = _get_active_controller(work, id)
    left = work.find_all("router", RUNNING_STATES, controller=id)
    if left:
        raise BusinessError("controller_in_use", f"controller {id} still has {len(left)} routers")
    return work.change_state("controller", active, "removed")


@router.put("/controllers/{id}/policy")
async def set_policy(id: str, body: PolicyRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """Puts the same rules on every router that the controller has."""
    active = _get_active_controller(work, id)
    offline = work.find_all("router", ("configuring",), controller=id)
    if offline:
        names = ", ".join(str(each.get_field("site")) for each in offline)
        raise BusinessError("routers_offline", f"not online yet: {names}")
    return work.change_state("controller", active, "active", **body.model_dump())


@router.post("/controllers/{id}/routers", status_code=202)
async def register_router(id: str, body: RouterRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    _get_active_controller(work, id)
    registered = work.create("router", "RTR", "configuring", controller=id, segments=[], **body.model_dump())
    work.schedule("come_online", registered, "rollout")
    return registered


@router.get("/routers/{id}")
async def router_state(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    return work.get("router", id)


@router.post("/routers/{id}/segments", status_code=201)
async def add_segment(id: str, body: SegmentRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    running = work.get("router", id)
    if running.state not in RUNNING_STATES:
        raise BusinessError("router_removed", f"router {id} is {running.state}")
    segments = running.get_field("segments")
    if any(each["vlan"] == body.vlan for each in segments):
        raise BusinessError("vlan_taken", f"router {id} already has a segment on VLAN {body.vlan}")
    work.change_state("router", running, running.state, segments=[*segments, body.model_dump()])
    return work.create("segment", "SEG", "active", router=id, **body.model_dump())


@router.delete("/routers/{id}")
async def remove_router(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    running = work.get("router", id)
    if running.state not in RUNNING_STATES:
        raise BusinessError("already_removed", f"router {id} is removed")
    return work.change_state("router", running, "removed")


@router.get("/customers/{customer}/controller")
async def controller_of(customer: str, work: UnitOfWorkDep) -> Resource:
    """The controller of the customer's network, the latest where there are several."""
    controllers = work.find_all("controller", ("active",), customer=customer)
    if not controllers:
        raise BusinessError("no_network", f"customer {customer} has no network", 404)
    return max(controllers, key=lambda each: str(each.get_field("created_at")))


@router.post("/removals")
async def remove_network(body: RemovalRequest, work: UnitOfWorkDep) -> Resource:
    """Takes out what a site, or the whole network, has. Nothing there is no error: what was asked for holds."""
    of_customer = {"customer": body.customer}
    where = of_customer if body.site is None else of_customer | {"site": body.site}
    removed = [
        work.change_state("router", each, "removed").id for each in work.find_all("router", RUNNING_STATES, **where)
    ]
    if body.site is None:
        controllers = work.find_all("controller", ("active",), **of_customer)
        removed += [work.change_state("controller", each, "removed").id for each in controllers]
    return work.create("removal", "REM", "done", removed=removed, **body.model_dump())


def come_online(work: UnitOfWork, id_: str) -> None:
    registered = work.get("router", id_)
    if registered.state == "configuring":
        work.change_state("router", registered, "online")


SCHEDULED_ACTIONS = {"come_online": come_online}

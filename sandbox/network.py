"""Network Controller: a controller is `active` or `removed`; a router `configuring`, then `online`, then `removed`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.credentials import Bearer
from sandbox.errors import BusinessError
from sandbox.idempotency import Working, system_router
from sandbox.request_context import Resource, Work

router = system_router("network", Bearer("NETWORK_TOKEN"))

RUNNING = ("configuring", "online")


class ControllerWanted(BaseModel):
    customer: str | None = None
    name: str | None = None


class RouterWanted(BaseModel):
    site: str
    model: str
    customer: str | None = None


class Segment(BaseModel):
    name: str = Field(min_length=1)
    vlan: int = Field(ge=1, le=4094)


class Policy(BaseModel):
    topology: str = "mesh"


class Removal(BaseModel):
    customer: str
    site: str | None = None
    """None: the whole network, its controllers included."""


def _active(work: Work, id_: str) -> Resource:
    controller = work.get("controller", id_)
    if controller.state != "active":
        raise BusinessError("controller_removed", f"controller {id_} is {controller.state}")
    return controller


@router.post("/controllers", status_code=201)
async def create_controller(wanted: ControllerWanted, work: Working) -> Resource:
    return work.create("controller", "CTL", "active", **wanted.model_dump())


@router.get("/controllers/{id}")
async def controller(id: str, work: Working) -> Resource:  # noqa: A002 - the name is part of the path
    return work.get("controller", id)


@router.delete("/controllers/{id}")
async def remove_controller(id: str, work: Working) -> Resource:  # noqa: A002
    active = _active(work, id)
    left = work.all("router", RUNNING, controller=id)
    if left:
        raise BusinessError("controller_in_use", f"controller {id} still has {len(left)} routers")
    return work.move("controller", active, "removed")


@router.put("/controllers/{id}/policy")
async def set_policy(id: str, wanted: Policy, work: Working) -> Resource:  # noqa: A002
    """Puts the same rules on every router that the controller has."""
    active = _active(work, id)
    offline = work.all("router", ("configuring",), controller=id)
    if offline:
        names = ", ".join(str(each.known("site")) for each in offline)
        raise BusinessError("routers_offline", f"not online yet: {names}")
    return work.move("controller", active, "active", **wanted.model_dump())


@router.post("/controllers/{id}/routers", status_code=202)
async def register_router(id: str, wanted: RouterWanted, work: Working) -> Resource:  # noqa: A002
    _active(work, id)
    registered = work.create("router", "RTR", "configuring", controller=id, segments=[], **wanted.model_dump())
    work.later("come_online", registered, "rollout")
    return registered


@router.get("/routers/{id}")
async def router_state(id: str, work: Working) -> Resource:  # noqa: A002
    return work.get("router", id)


@router.post("/routers/{id}/segments", status_code=201)
async def add_segment(id: str, wanted: Segment, work: Working) -> Resource:  # noqa: A002
    running = work.get("router", id)
    if running.state not in RUNNING:
        raise BusinessError("router_removed", f"router {id} is {running.state}")
    segments = running.known("segments")
    if any(each["vlan"] == wanted.vlan for each in segments):
        raise BusinessError("vlan_taken", f"router {id} already has a segment on VLAN {wanted.vlan}")
    work.move("router", running, running.state, segments=[*segments, wanted.model_dump()])
    return work.create("segment", "SEG", "active", router=id, **wanted.model_dump())


@router.delete("/routers/{id}")
async def remove_router(id: str, work: Working) -> Resource:  # noqa: A002
    running = work.get("router", id)
    if running.state not in RUNNING:
        raise BusinessError("already_removed", f"router {id} is removed")
    return work.move("router", running, "removed")


@router.get("/customers/{customer}/controller")
async def controller_of(customer: str, work: Working) -> Resource:
    """The controller of the customer's network, the latest where there are several."""
    controllers = work.all("controller", ("active",), customer=customer)
    if not controllers:
        raise BusinessError("no_network", f"customer {customer} has no network", 404)
    return max(controllers, key=lambda each: str(each.known("created_at")))


@router.post("/removals")
async def remove_network(wanted: Removal, work: Working) -> Resource:
    """Takes out what a site, or the whole network, has. Nothing there is no error: what was asked for holds."""
    of_customer = {"customer": wanted.customer}
    where = of_customer if wanted.site is None else of_customer | {"site": wanted.site}
    removed = [work.move("router", each, "removed").id for each in work.all("router", RUNNING, **where)]
    if wanted.site is None:
        controllers = work.all("controller", ("active",), **of_customer)
        removed += [work.move("controller", each, "removed").id for each in controllers]
    return work.create("removal", "REM", "done", removed=removed, **wanted.model_dump())


def come_online(work: Work, id_: str) -> None:
    registered = work.get("router", id_)
    if registered.state == "configuring":
        work.move("router", registered, "online")


MOMENTS = {"come_online": come_online}

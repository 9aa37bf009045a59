"""Network Controller: a controller is `active` or `removed`; a router `configuring`, then `online`, then `removed`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from sandbox.authentication import bearer_token
from sandbox.errors import BusinessError
from sandbox.request_pipeline import UnitOfWorkDep, system_router
from sandbox.unit_of_work import Resource, UnitOfWork

router = system_router("network", bearer_token("NETWORK_TOKEN"), controllers="controller", routers="router")

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
    """None: the whole network, including its controllers."""


def _get_active_controller(work: UnitOfWork, id_: str) -> Resource:
    return work.get_in_state("controller", id_, "active", code="controller_removed")


@router.post("/controllers", status_code=201)
async def create_controller(body: ControllerRequest, work: UnitOfWorkDep) -> Resource:
    return work.create("controller", "CTL", "active", **body.model_dump())


@router.delete("/controllers/{id}")
async def remove_controller(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    active = _get_active_controller(work, id)
    left = work.find_all("router", RUNNING_STATES, controller=id)
    if left:
        raise BusinessError("controller_in_use", f"controller {id} still has {len(left)} routers")
    return work.change_state("controller", active, "removed")


@router.put("/controllers/{id}/policy")
async def set_policy(id: str, body: PolicyRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    """Applies the same rules to every router of the controller."""
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


@router.post("/routers/{id}/segments", status_code=201)
async def add_segment(id: str, body: SegmentRequest, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    running = work.get_in_state("router", id, *RUNNING_STATES, code="router_removed")
    segments = running.get_field("segments")
    if any(each["vlan"] == body.vlan for each in segments):
        raise BusinessError("vlan_taken", f"router {id} already has a segment on VLAN {body.vlan}")
    work.change_state("router", running, running.state, segments=[*segments, body.model_dump()])
    return work.create("segment", "SEG", "active", router=id, **body.model_dump())


@router.delete("/routers/{id}")
async def remove_router(id: str, work: UnitOfWorkDep) -> Resource:  # noqa: A002
    running = work.get_in_state("router", id, *RUNNING_STATES, code="already_removed")
    return work.change_state("router", running, "removed")


@router.get("/customers/{customer}/controller")
async def controller_of(customer: str, work: UnitOfWorkDep) -> Resource:
    """The controller of the customer's network; the latest if there are several."""
    controllers = work.find_all("controller", ("active",), customer=customer)
    if not controllers:
        raise BusinessError("no_network", f"customer {customer} has no network", 404)
    return max(controllers, key=lambda each: str(each.get_field("created_at")))


@router.post("/removals")
async def remove_network(body: RemovalRequest, work: UnitOfWorkDep) -> Resource:
    """Removes the routers of a site, or the whole network. Having none is not an error."""
    site = {} if body.site is None else {"site": body.site}
    removed = work.change_all("router", RUNNING_STATES, "removed", customer=body.customer, **site)
    if body.site is None:
        removed += work.change_all("controller", ("active",), "removed", customer=body.customer)
    return work.create("removal", "REM", "done", removed=removed, **body.model_dump())


def come_online(work: UnitOfWork, id_: str) -> None:
    registered = work.get("router", id_)
    if registered.state == "configuring":
        work.change_state("router", registered, "online")

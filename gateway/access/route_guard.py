"""What each route needs, declared at the route: `dependencies=[allowed(SUBMIT)]`."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from gateway.errors import operation_error_response
from operations.access.permissions import OVERRIDE, Permission
from operations.access.person import Forbidden, Person, is_limited_to_queues, require, require_step
from operations.client import OrderClient

log = structlog.get_logger("gateway")


class RouteGuard:
    """A dependency of routes. Raises Forbidden unless the caller's roles have the permission."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request) -> None:
        require(current_person(request), self.permission)


def allowed(permission: Permission) -> Any:
    """Only accounts with this permission reach the route."""
    return Depends(RouteGuard(permission))


def current_person(request: Request) -> Person:
    person: Person = request.state.person
    return person


CurrentPerson = Annotated[Person, Depends(current_person)]
"""Who calls, as a parameter of a route's handler."""


async def require_own_step(
    orders: OrderClient, person: Person, permission: Permission, order_id: str, step: str
) -> None:
    """For accounts that are limited to queues: raises Forbidden unless the step is in one of them now. The order is
    asked, since lists lag behind. Raises NotFound, NoWorker."""
    if is_limited_to_queues(person, permission):
        details = await orders.read(order_id, source="live")
        require_step(person, permission, details.step(step))


def require_override(person: Person, override: str | None) -> None:
    """Raises Forbidden if the request passes points of no return, and the account may not."""
    if override is not None:
        require(person, OVERRIDE)


def permission_of(route: APIRoute) -> Permission:
    """The one that the route's guard asks for. Raises TypeError unless there is exactly one: a route without a guard
    would be open to every account."""
    guards = [each.dependency for each in route.dependencies if isinstance(each.dependency, RouteGuard)]
    if len(guards) != 1:
        raise TypeError(f"{route.methods} {route.path} needs one guard, and has {len(guards)}")
    return guards[0].permission


def register_forbidden_handler(app: FastAPI) -> None:
    """Answers 403, and writes a line into the log."""

    @app.exception_handler(Forbidden)
    async def handle_forbidden(request: Request, error: Forbidden) -> JSONResponse:
        route = getattr(request.scope.get("route"), "path", "none")
        log.warning(
            "request forbidden",
            account=error.person.account,
            permission=error.permission.name,
            method=request.method,
            route=route,
        )
        return operation_error_response(error)

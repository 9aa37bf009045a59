"""What each page needs, declared at the route: `dependencies=[allowed(READ_ORDER)]`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from console.access.form_token import FIELD, HEADER, is_form_token
from console.access.sessions import Session
from operations.access.permissions import Permission
from operations.access.person import Person, require

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class RouteGuard:
    """A dependency of routes. Raises Forbidden unless the person's roles have the permission."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    def __call__(self, request: Request) -> None:
        if self.permission is not None:
            require(current_person(request), self.permission)


def allowed(permission: Permission) -> Any:
    """Only people with this permission reach the route."""
    return Depends(RouteGuard(permission))


def everyone_signed_in() -> Any:
    """For a page without data of orders, such as the help."""
    return Depends(RouteGuard(None))


def current_person(request: Request) -> Person:
    person: Person = request.state.person
    return person


SignedIn = Annotated[Person, Depends(current_person)]
"""Who is signed in, as a parameter of a route's handler. Nobody else reaches a handler: see AccessMiddleware."""


async def check_form_token(request: Request) -> None:
    """A dependency of the whole application: a form, or a script's request, carries the token of its session."""
    session: Session | None = getattr(request.state, "session", None)
    if request.method in SAFE_METHODS or session is None:
        return
    token = request.headers.get(HEADER) or (await request.form()).get(FIELD)
    if not (isinstance(token, str) and is_form_token(session, token)):
        raise HTTPException(
            403, "The form is older than your session, or does not come from the console. Load the page again"
        )


RoutePermissions = dict[tuple[str, str], Permission | None]
"""(method, path) → what the route needs. None: only that somebody is signed in."""


def route_permissions(routes: Iterable[BaseRoute], public: Collection[str]) -> RoutePermissions:
    """Of all routes but the public ones. Raises TypeError for a route that does not have exactly one guard."""
    permissions: RoutePermissions = {}
    for route in routes:
        path = getattr(route, "path", "")
        if not isinstance(route, APIRoute):
            raise TypeError(f"the route {path} is not one that can have a guard")
        guards = [each.call for each in route.dependant.dependencies if isinstance(each.call, RouteGuard)]
        if len(guards) != (0 if path in public else 1):
            raise TypeError(f"the route {path} needs exactly one guard, such as allowed(READ_ORDER)")
        permissions |= {(method, path): guard.permission for guard in guards for method in route.methods or ()}
    return permissions

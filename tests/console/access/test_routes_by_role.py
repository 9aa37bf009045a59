"""Every route with every role over HTTP: open or refused as the table of permissions says."""

from __future__ import annotations

import re

import pytest

from console.access.guard import RoutePermissions
from operations.access.permissions import PERMISSIONS, Permission, QueueRule
from operations.access.roles import Role
from tests.support.console.site import ConsoleSite, Visitor

WITH_QUEUES = "operator with queues"


@pytest.fixture(scope="module")
def permissions(cut_off: ConsoleSite) -> RoutePermissions:
    found: RoutePermissions = cut_off.app.state.permissions
    return found


def is_allowed(account: str, permission: Permission | None) -> bool:
    if permission is None:
        return True
    if account == WITH_QUEUES:
        return Role.OPERATOR in permission.roles and permission.for_queues is not QueueRule.REFUSED
    return account in permission.roles


async def status_of(visitor: Visitor, method: str, path: str, form_token: str) -> int:
    """Of a route without its data. A stream is not read."""
    url = re.sub(r"\{[^}]+\}", "1", path)
    request = visitor.http.build_request(method, url, data={"csrf": form_token} if method != "GET" else None)
    response = await visitor.http.send(request, stream=True)
    await response.aclose()
    return response.status_code


def test_every_permission_of_a_route_is_in_the_table(permissions: RoutePermissions) -> None:
    assert {each.name for each in permissions.values() if each is not None} <= set(PERMISSIONS)
    assert {path for (_, path), each in permissions.items() if each is None} <= {"/", "/help", "/sign-out", "/live"}


@pytest.mark.parametrize("account", [*Role, WITH_QUEUES])
async def test_routes_are_open_to_the_roles_of_the_table(
    cut_off: ConsoleSite, permissions: RoutePermissions, account: str
) -> None:
    role, queues = (Role.OPERATOR, ("care",)) if account == WITH_QUEUES else (Role(account), ())
    visitor = await cut_off.sign_in(cut_off.new_token(role, queues=queues))
    form_token = await visitor.form_token()
    opened = {}
    for method, path in permissions:
        if path != "/sign-out":
            status = await status_of(visitor, method, path, form_token)
            assert status not in (401, 405, 500), (method, path, status)
            opened[method, path] = status != 403
    assert opened == {route: is_allowed(account, permissions[route]) for route in opened}


async def test_a_stranger_reaches_no_route(cut_off: ConsoleSite, permissions: RoutePermissions) -> None:
    stranger = cut_off.stranger()
    for method, path in permissions:
        assert await status_of(stranger, method, path, "x") == 303, (method, path)


async def test_nothing_is_changed_without_the_form_token(cut_off: ConsoleSite, permissions: RoutePermissions) -> None:
    visitor = await cut_off.visitor(Role.ADMIN)
    for method, path in permissions:
        if method != "GET":
            assert await status_of(visitor, method, path, "forged") == 403, (method, path)

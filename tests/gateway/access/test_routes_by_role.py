"""Every route with every role over HTTP: allowed or refused as the table of permissions says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from operations.access.permissions import PERMISSIONS, QueueRule
from operations.access.roles import Role
from operations.bulk.bulk_jobs import JOB_ACTIONS
from operations.client import OrderClient
from operations.temporal.connection import ConnectionSettings
from tests.gateway.access.conftest import GatewayAccounts
from tests.support.gateway.process import NOWHERE, gateway_over
from tests.support.gateway.schema import Operation, operations, published_schema
from workflows.contract.actions import ACTIONS, BULK_ACTIONS

READING = {
    "GET /orders": "list_orders",
    "GET /orders/{order_id}": "read_order",
    "GET /orders/{order_id}/steps": "read_order",
    "GET /orders/{order_id}/why": "read_order",
    "GET /orders/{order_id}/history": "read_order",
    "GET /orders/{order_id}/submissions": "read_order",
    "GET /orders/{order_id}/attempts": "read_order",
    "GET /orders/{order_id}/amendments": "read_order",
    "GET /fallout": "read_work",
    "GET /fallout/groups": "read_work",
    "GET /tasks": "read_work",
    "GET /tasks/groups": "read_work",
    "GET /reports/shift": "read_reports",
    "GET /reports/durations": "read_reports",
    "GET /reports/sla": "read_reports",
    "GET /reports/fallout": "read_reports",
    "GET /reports/systems": "read_reports",
    "GET /bulk-jobs": "read_work",
    "GET /bulk-jobs/{job}": "read_order",
    "GET /bulk-jobs/{job}/results": "read_order",
    "GET /systems": "read_systems",
    "GET /catalogue": "read_catalogue",
    "GET /catalogue/versions": "read_catalogue",
    "GET /catalogue/versions/{version}": "read_catalogue",
    "GET /notifications": "read_notifications",
    "GET /orders/{order_id}/notifications": "read_notifications",
}
CHANGING = {
    "POST /orders": "submit",
    "PUT /orders/{order_id}": "amend",
    "POST /events": "send_event",
    "POST /orders/{order_id}/events": "send_event",
    "POST /bulk-jobs": "bulk_job",
    "POST /bulk-jobs/{job}/pause": "bulk_job",
    "POST /bulk-jobs/{job}/continue": "bulk_job",
    "POST /bulk-jobs/{job}/stop": "bulk_job",
    "POST /systems/{system}/off": "switch_system",
    "POST /systems/{system}/on": "switch_system",
    "POST /orders/{order_id}/notifications/resend": "resend",
    "PATCH /orders/{order_id}/characteristics": "set",
    "POST /orders/{order_id}/notes": "note",
}
ON_STEPS = {
    f"POST /orders/{{order_id}}/steps/{{step}}/{name}": name for name, spec in ACTIONS.items() if spec.is_step_action
}
ON_ORDERS = {
    f"POST /orders/{{order_id}}/{name}": name
    for name, spec in ACTIONS.items()
    if not spec.is_step_action and name not in ("set", "note", "amend")
}
IN_BULK = {f"POST /bulk/{name}": name for name in BULK_ACTIONS}
PERMISSION_OF: Mapping[str, str] = READING | CHANGING | ON_STEPS | ON_ORDERS | IN_BULK
"""Route → permission, written down here once more: a route that asks for another one fails."""

OPERATIONS = {str(operation): operation for operation in operations(published_schema())}
PUBLIC = {"GET /health", "GET /ready", "POST /callbacks/{callback_id}"}
WITH_QUEUES = "operator with queues"
ACCOUNTS = [*Role, WITH_QUEUES]
VALUES = {"order_id": "HS-1", "step": "1", "system": "desk", "version": "1", "job": "nightly"}


@pytest.fixture(scope="module")
async def callers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """For each kind of account a client of one gateway, whose Temporal cannot be reached."""
    folder: Path = tmp_path_factory.mktemp("accounts")
    accounts = GatewayAccounts(folder / "accounts.yaml")
    headers = {str(role): accounts.add(f"{role}-account", role) for role in Role}
    headers[WITH_QUEUES] = accounts.add("limited", Role.OPERATOR, queues=("field_ops",))
    orders = await OrderClient.connect(ConnectionSettings(NOWHERE), lazy=True)
    async with gateway_over(orders, accounts.settings) as http:
        yield {
            name: httpx.AsyncClient(
                base_url=http.base_url, headers=each, timeout=60, trust_env=False, event_hooks=http.event_hooks
            )
            for name, each in headers.items()
        }


def is_allowed(account: str, permission: str) -> bool:
    row = PERMISSIONS[permission]
    if account == WITH_QUEUES:
        return Role.OPERATOR in row.roles and row.for_queues is not QueueRule.REFUSED
    return account in row.roles


async def call(http: httpx.AsyncClient, operation: Operation, body: dict[str, object]) -> httpx.Response:
    path = re.sub(r"\{(\w+)\}", lambda match: VALUES[match[1]], operation.path)
    return await http.request(operation.method, path, json=body if operation.method != "get" else None)


def test_every_route_has_a_permission_and_every_permission_exists() -> None:
    assert set(PERMISSION_OF) == set(OPERATIONS) - PUBLIC
    assert set(PERMISSION_OF.values()) <= set(PERMISSIONS)
    assert set(ACTIONS) <= set(PERMISSION_OF.values())


def test_the_schema_says_who_may_call_a_route() -> None:
    for route, name in PERMISSION_OF.items():
        shape = OPERATIONS[route].shape
        assert (shape["x-permission"], shape["x-roles"]) == (name, sorted(PERMISSIONS[name].roles))


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_routes_are_open_to_the_roles_of_the_table(callers: dict[str, httpx.AsyncClient], account: str) -> None:
    outcomes = {}
    for route, name in PERMISSION_OF.items():
        body: dict[str, object] = {"queue": "field_ops"} if route in IN_BULK else {}
        response = await call(callers[account], OPERATIONS[route], body)
        assert response.status_code != 401
        outcomes[route] = response.status_code != 403
        if response.status_code == 403:
            error = response.json()["error"]
            assert (error["code"], error["data"]["permission"]) == ("forbidden", name)
            assert error["data"]["roles"] == sorted(PERMISSIONS[name].roles)
    assert outcomes == {route: is_allowed(account, name) for route, name in PERMISSION_OF.items()}


@pytest.mark.parametrize("body", [{}, {"queue": "care"}])
async def test_an_operator_with_queues_names_one_of_them_in_bulk(
    callers: dict[str, httpx.AsyncClient], body: dict[str, object]
) -> None:
    response = await callers[WITH_QUEUES].post("/bulk/retry", json=body)
    assert response.status_code == 403
    assert response.json()["error"]["data"]["queues"] == ["field_ops"]
    assert (await callers[WITH_QUEUES].post("/bulk/retry", json={"queue": "field_ops"})).status_code == 503


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_a_bulk_job_needs_the_permission_of_its_action_too(
    callers: dict[str, httpx.AsyncClient], account: str
) -> None:
    outcomes = {}
    for name in JOB_ACTIONS:
        response = await callers[account].post("/bulk-jobs", json={"action": name, "queue": "field_ops"})
        assert response.status_code in (403, 503)
        outcomes[name] = response.status_code != 403
        if response.status_code == 403:
            needed = name if is_allowed(account, "bulk_job") else "bulk_job"
            assert response.json()["error"]["data"]["permission"] == needed
    assert outcomes == {name: is_allowed(account, "bulk_job") and is_allowed(account, name) for name in JOB_ACTIONS}
    limited = await callers[WITH_QUEUES].post("/bulk-jobs", json={"action": "retry", "queue": "care"})
    assert (limited.status_code, limited.json()["error"]["data"]["queues"]) == (403, ["field_ops"])


@pytest.mark.parametrize(
    ("account", "method", "path"),
    [
        ("submitter", "POST", "/orders/HS-1/cancel"),
        ("submitter", "PUT", "/orders/HS-1?override=because"),
        ("operator", "POST", "/orders/HS-1/cancel"),
        ("operator", "PUT", "/orders/HS-1?override=because"),
    ],
)
async def test_only_operators_pass_points_of_no_return(
    callers: dict[str, httpx.AsyncClient], account: str, method: str, path: str
) -> None:
    body = {"override": "because"} if method == "POST" else {"id": "HS-1", "lines": []}
    response = await callers[account].request(method, path, json=body)
    if account == "submitter":
        assert response.json()["error"]["data"]["permission"] == "override"
    assert (response.status_code == 403) is (account == "submitter")


async def test_routes_that_do_not_exist_are_not_found_for_every_account(
    callers: dict[str, httpx.AsyncClient],
) -> None:
    for http in callers.values():
        assert (await http.get("/no/such/path")).status_code == 404

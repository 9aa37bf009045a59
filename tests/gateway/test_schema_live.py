"""Live responses of every operation match the published schema, in success and in failure.

`gateway_over` also checks every response of all other tests that use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from operations.client import OrderClient
from tests.support.gateway.http_requests import Json, an_order, step_in
from tests.support.gateway.schema import Operation, check_response, operations, published_schema
from tests.support.servers.desk_system import Desk
from tests.support.servers.temporal import until_at_rest
from workflows.contract.order_messages import order_workflow_id

OPERATIONS = operations(published_schema())
ANN: Json = {"by": "ann", "reason": "asked by phone"}


@dataclass(frozen=True)
class Case:
    """A request that succeeds, once step 1 of a new order is in `state`."""

    product: str = ""
    state: str = "in_progress"
    body: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    terminated: bool = False
    """Whether the order is terminated first."""


STEP = "POST /orders/{order_id}/steps/{step}"
ORDER = "POST /orders/{order_id}"
CASES = {
    "POST /orders": Case(body=an_order("survey")),
    "GET /orders": Case(query={"limit": 5}),
    "GET /orders/{order_id}": Case("survey"),
    "PUT /orders/{order_id}": Case("survey", query={"by": "ann"}),
    "GET /orders/{order_id}/steps": Case("shop", query={"limit": 1}),
    "GET /orders/{order_id}/why": Case("stubborn", "fatally_failed"),
    "GET /orders/{order_id}/history": Case("stubborn", "fatally_failed"),
    "GET /orders/{order_id}/notifications": Case("survey"),
    "POST /events": Case(body={"name": "schema-live", "key": "T-1"}),
    f"{ORDER}/events": Case("shop", body={"name": "opened"}),
    "POST /callbacks/{callback_id}": Case("visit", "in_progress", body={"visit": "V-7"}),
    "GET /orders/{order_id}/submissions": Case("survey"),
    "GET /orders/{order_id}/attempts": Case("survey"),
    "GET /orders/{order_id}/amendments": Case("survey"),
    "GET /fallout": Case("stubborn", "fatally_failed"),
    "GET /fallout/groups": Case(),
    "GET /tasks": Case("survey"),
    "GET /tasks/groups": Case(),
    "GET /reports/shift": Case(),
    "GET /reports/durations": Case(),
    "GET /reports/sla": Case(),
    "GET /reports/fallout": Case(),
    "GET /reports/systems": Case(),
    "POST /bulk-jobs": Case(body=ANN | {"action": "retry", "customer": "C-none"}),
    "GET /bulk-jobs": Case(),
    "GET /bulk-jobs/{job}": Case(),
    "GET /bulk-jobs/{job}/results": Case(),
    "POST /bulk-jobs/{job}/pause": Case(body=ANN),
    "POST /bulk-jobs/{job}/continue": Case(body=ANN),
    "POST /bulk-jobs/{job}/stop": Case(body=ANN),
    "GET /systems": Case(),
    "GET /catalogue": Case(),
    "GET /catalogue/versions": Case(),
    "GET /catalogue/versions/{version}": Case(),
    "POST /systems/{system}/off": Case(body=ANN),
    "POST /systems/{system}/on": Case(body=ANN),
    "GET /notifications": Case(),
    "GET /health": Case(),
    "GET /ready": Case(),
    f"{STEP}/retry": Case("stubborn", "fatally_failed", ANN),
    f"{STEP}/skip": Case("stubborn", "fatally_failed", ANN),
    f"{STEP}/complete": Case("survey", body=ANN | {"data": {"answer": "yes"}}),
    f"{STEP}/claim": Case("survey", body=ANN),
    f"{STEP}/assign": Case("survey", body=ANN | {"data": {"to": "kim"}}),
    f"{STEP}/reschedule": Case("rest", "in_progress", ANN | {"data": {"to": "2040-01-01T00:00:00Z"}}),
    f"{STEP}/extend": Case("shop", body=ANN | {"data": {"by": "2d"}}),
    f"{STEP}/proceed": Case("guest", "pending", ANN, attributes={"host": "G-never-comes"}),
    f"{STEP}/redo": Case("stubborn", "fatally_failed", ANN | {"assess": True}),
    f"{ORDER}/cancel": Case("survey", body=ANN | {"assess": True}),
    f"{ORDER}/rollback": Case("survey", body=ANN),
    f"{ORDER}/hold": Case("survey", body=ANN),
    f"{ORDER}/recover": Case("survey", body=ANN, terminated=True),
    f"{ORDER}/resume": Case("survey", body=ANN),
    f"{ORDER}/notes": Case("survey", body={"by": "ann", "text": "calls back on Monday"}),
    "PATCH /orders/{order_id}/characteristics": Case("prepaid", body=ANN | {"characteristics": {"paid": True}}),
}
NEEDS_A_RECEIVER = f"{ORDER}/notifications/resend"
"""tests/notifications/test_listing.py lets it succeed."""
NEEDS_A_VERSION = "GET /catalogue/versions/{version}"
"""tests/gateway/test_catalogue.py lets it succeed."""
NEED_A_JOB = "/bulk-jobs/{job}"
"""tests/gateway/test_bulk_jobs.py lets them succeed."""
NEED_A_LEDGER = (
    *(f"GET /orders/{{order_id}}/{name}" for name in ("submissions", "attempts", "amendments")),
    *("GET /fallout/groups", "GET /tasks/groups"),
    *(f"GET /reports/{name}" for name in ("shift", "durations", "sla", "fallout", "systems")),
)
"""test_submissions.py, test_ledger_lists.py, test_reports.py and api_fuzz/test_ledger_answers.py let them succeed."""


def case_of(operation: Operation) -> Case:
    if operation.path == "/bulk/recover":
        return Case(body=ANN | {"dry_run": True, "customer": "C-none"})
    if "/bulk/" in operation.path:
        return Case(body=ANN | {"dry_run": True, "code": "409"})
    if str(operation) == NEEDS_A_RECEIVER:
        return Case("survey", body={})
    return CASES[str(operation)]


def request_of(http: httpx.AsyncClient, operation: Operation, case: Case, **ids: str) -> httpx.Request:
    known = {"order_id": "G-none", "step": "1", "system": "desk", "callback_id": "x", "version": "1", "job": "none"}
    path = operation.path.format(**known | ids)
    body = an_order("survey", ids.get("order_id", "G-none")) if operation.method == "put" else case.body
    return http.build_request(operation.method, path, json=body, params=case.query)


async def send(http: httpx.AsyncClient, operation: Operation, request: httpx.Request) -> httpx.Response:
    response = await http.send(request)
    operation.validate_response(response)
    return response


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_success_matches_the_schema(
    http: httpx.AsyncClient, orders: OrderClient, desk: Desk, operation: Operation
) -> None:
    case, ids = case_of(operation), {}
    if case.product:
        order = an_order(case.product, **case.attributes)
        assert (await http.post("/orders", json=order)).status_code == 201
        await step_in(http, order["id"], case.state)
        ids["order_id"] = order["id"]
        if case.terminated:
            workflow = orders.client.get_workflow_handle(order_workflow_id(order["id"]))
            await until_at_rest(workflow)
            await workflow.terminate()
    if "{callback_id}" in operation.path:
        ids["callback_id"] = (await desk.callback_path(order["id"])).rpartition("/")[2]
    response = await send(http, operation, request_of(http, operation, case, **ids))
    cannot = (NEEDS_A_RECEIVER, NEEDS_A_VERSION, *NEED_A_LEDGER)
    assert response.is_success is (str(operation) not in cannot and NEED_A_JOB not in operation.path), response.text


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_failures_match_the_schema(
    http: httpx.AsyncClient, cut_off: httpx.AsyncClient, operation: Operation
) -> None:
    case = case_of(operation)
    is_callback = "{callback_id}" in operation.path
    needs_a_ledger = str(operation) in NEED_A_LEDGER
    if not is_callback and operation.path != "/health":
        away = await send(cut_off, operation, request_of(cut_off, operation, case))
        assert away.status_code == (422 if needs_a_ledger else 503)
    if "security" in operation.shape:
        unknown = request_of(http, operation, case)
        del unknown.headers["authorization"]
        assert (await send(http, operation, unknown)).status_code == 401
    if "requestBody" in operation.shape:
        wrong = request_of(http, operation, case)
        malformed = http.build_request(
            wrong.method, wrong.url, content=b"{", headers={"Content-Type": wrong.headers["content-type"]}
        )
        assert (await send(http, operation, malformed)).status_code == 400
        too_large = http.build_request(wrong.method, wrong.url, content=b"x" * 2_500_000)
        assert (await send(http, operation, too_large)).status_code == 413
    if "{order_id}" in operation.path and operation.path != "/orders/{order_id}/events":
        absent = await send(http, operation, request_of(http, operation, case))
        assert absent.status_code == (422 if needs_a_ledger else 404)
    if "{order_id}" in operation.path:
        no_id = await send(http, operation, request_of(http, operation, case, order_id=quote("a b")))
        assert no_id.status_code == 422


async def test_bulk_results_match_the_schema(http: httpx.AsyncClient) -> None:
    order = an_order("stubborn")
    await http.post("/orders", json=order)
    await step_in(http, order["id"], "fatally_failed")
    (operation,) = (each for each in OPERATIONS if each.path == "/bulk/skip")
    response = await http.post("/bulk/skip", json=ANN | {"customer": "C-1", "pace": 100, "stop_after": None})
    assert response.headers["content-type"].startswith("application/x-ndjson")
    operation.validate_response(response)


def test_a_response_that_the_schema_does_not_describe_is_noticed() -> None:
    request = httpx.Request("GET", "http://gateway/health")
    check_response(httpx.Response(200, json={"status": "ok"}, request=request))
    with pytest.raises(Exception, match="was expected"):
        check_response(httpx.Response(200, json={"status": "fine"}, request=request))
    with pytest.raises(AssertionError, match="does not declare 418"):
        check_response(httpx.Response(418, json={}, request=request))

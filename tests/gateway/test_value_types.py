"""Values of requests count as what the schema says they are, or not at all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.gateway.http_requests import error_of

ANN = {"by": "ann"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/bulk/retry", {"dry_run": 0}),
        ("/bulk/retry", {"tasks": "no"}),
        ("/bulk/retry", {"take_over": "true"}),
        ("/bulk/retry", {"limit": "5"}),
        ("/bulk/retry", {"limit": True}),
        ("/bulk/retry", {"limit": 0}),
        ("/bulk/retry", {"limit": 1.5}),
        ("/bulk/retry", {"pace": "5"}),
        ("/bulk/retry", {"pace": 0.001}),
        ("/bulk/retry", {"stop_after": False}),
        ("/bulk/retry", {"since": 1_700_000_000}),
        ("/bulk/retry", {"since": "0.5"}),
        ("/bulk/retry", {"since": "2026-12-01"}),
        ("/orders/HS-1/cancel", {"assess": 1}),
        ("/orders/HS-1/steps/1/claim", {"take_over": "no"}),
    ],
)
async def test_values_of_another_type_are_refused(cut_off: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    error = error_of(await cut_off.post(path, json=ANN | body), 422)
    assert f"`{next(iter(body))}`" in error["message"]


@pytest.mark.parametrize(
    "body", [{"limit": 5}, {"limit": 5.0}, {"pace": 1}, {"stop_after": None}, {"since": "2026-12-01T08:00:00+01:00"}]
)
async def test_values_of_the_schema_are_taken(cut_off: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert error_of(await cut_off.post("/bulk/retry", json=ANN | body), 503)["code"] == "server_unreachable"


@pytest.mark.parametrize("since", ["0.5", "1700000000", "-5", "2026-12-01", "now", ""])
async def test_time_in_a_query_is_a_date_and_time(cut_off: httpx.AsyncClient, since: str) -> None:
    error = error_of(await cut_off.get("/orders", params={"since": since}), 422)
    assert "`since`" in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/orders", "GET, POST"),
        ("OPTIONS", "/orders/HS-1", "GET, PUT"),
        ("PATCH", "/tasks", "GET"),
        ("GET", "/systems/billing/off", "POST"),
    ],
)
async def test_refused_method_names_all_that_are_possible(
    cut_off: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await cut_off.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed


async def test_orders_of_an_unknown_catalogue_version_are_not_found(idle: httpx.AsyncClient) -> None:
    error = error_of(await idle.get("/orders", params={"catalogue_version": "77"}), 404)
    assert error["code"] == "not_found"
    assert "77" in error["message"]

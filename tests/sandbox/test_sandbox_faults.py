"""Every fault: what the caller gets, and whether the work was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status"}, 503, "unavailable"),
        ({"kind": "status", "status": 500, "code": "oops"}, 500, "oops"),
        ({"kind": "refuse", "code": "credit_blocked"}, 409, "credit_blocked"),
        ({"kind": "rate_limit"}, 429, "too_many_requests"),
    ],
)
def test_error_fault_responds_with_the_error_and_does_no_work(
    sandbox: Any, fault: dict[str, Any], status: int, code: str
) -> None:
    sandbox.fault(**fault)
    answer = sandbox.reserve("k")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert sandbox.log() == []
    assert sandbox.reserve("k").status_code == 201


def test_rate_limit_sends_retry_after(sandbox: Any) -> None:
    sandbox.fault(kind="rate_limit", retry_after=7)
    assert sandbox.reserve("k").headers["Retry-After"] == "7"


def test_fault_affects_as_many_requests_as_requested(sandbox: Any) -> None:
    sandbox.fault(kind="status", times=2)
    assert [sandbox.reserve("k").status_code for _ in range(3)] == [503, 503, 201]
    assert sandbox.http.get("/_faults").json() == []


def test_drop_after_the_work_keeps_the_effect_for_a_repeated_request(sandbox: Any) -> None:
    sandbox.fault(kind="drop")
    with pytest.raises(httpx.TransportError):
        sandbox.reserve("k")
    (entry,) = sandbox.log()
    assert sandbox.reserve("k").json()["id"] == entry["resource"]
    assert len(sandbox.log()) == 1


def test_drop_before_the_work_leaves_no_effect(sandbox: Any) -> None:
    sandbox.fault(kind="drop_before")
    with pytest.raises(httpx.TransportError):
        sandbox.reserve("k")
    assert sandbox.log() == []


def test_slow_response_comes_after_the_work(sandbox: Any) -> None:
    sandbox.fault(kind="slow", seconds=3600)
    with pytest.raises(httpx.ReadTimeout):
        sandbox.http.post(
            "/inventory/reservations",
            json={"sku": "hub-1", "quantity": 1},
            headers={"Authorization": "Bearer t-inventory", "Idempotency-Key": "k"},
            timeout=1,
        )
    assert [entry["key"] for entry in sandbox.log()] == ["k"]


def test_garbage_response_claims_to_be_json(sandbox: Any) -> None:
    sandbox.fault(kind="garbage")
    answer = sandbox.reserve("k")
    assert answer.headers["Content-Type"] == "application/json"
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert len(sandbox.log()) == 1


def test_fault_affects_only_matching_requests(sandbox: Any) -> None:
    sandbox.fault(kind="status", system="inventory", method="delete", path="/reservations/*")
    made = sandbox.reserve("k").json()
    headers = {"Authorization": "Bearer t-inventory"}
    assert sandbox.http.delete(f"/inventory/reservations/{made['id']}", headers=headers).status_code == 503
    assert sandbox.http.delete(f"/inventory/reservations/{made['id']}", headers=headers).status_code == 200


def test_oldest_fault_is_applied_first(sandbox: Any) -> None:
    sandbox.fault(kind="status", status=500)
    sandbox.fault(kind="status", status=502)
    assert [sandbox.reserve("k").status_code for _ in range(3)] == [500, 502, 201]


def test_fault_survives_a_restart(start_sandbox: Callable[..., Any]) -> None:
    sandbox = start_sandbox()
    sandbox.fault(kind="status", times=2)
    sandbox.reserve("k")
    sandbox.kill()
    sandbox.start()
    assert [sandbox.reserve("k").status_code for _ in range(2)] == [503, 201]


def test_unknown_fault_kind_is_refused(sandbox: Any) -> None:
    answer = sandbox.http.post("/_faults", json={"kind": "earthquake"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_every_request_is_logged_with_its_status(sandbox: Any) -> None:
    sandbox.fault(kind="status")
    for _ in range(3):
        sandbox.reserve("k")
    noted = sandbox.http.get("/_requests", params={"key": "k"}).json()
    assert [(entry["status"], entry["replayed"]) for entry in noted] == [(503, False), (201, False), (201, True)]


def test_refuse_fault_spares_a_key_that_was_answered_before(sandbox: Any) -> None:
    sandbox.http.post("/_faults", json={"kind": "garbage"}).raise_for_status()
    sandbox.http.post("/_faults", json={"kind": "refuse", "code": "refused"}).raise_for_status()
    assert sandbox.reserve(key="K-1").headers["content-type"] == "application/json"
    assert sandbox.reserve(key="K-1").status_code == 201
    assert sandbox.reserve(key="K-2").json()["error"]["code"] == "refused"

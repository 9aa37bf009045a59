"""One effect per idempotency key: with concurrent requests, after a lost response, after SIGKILL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest


def test_repeated_key_gets_the_same_response_without_a_second_effect(sandbox: Any) -> None:
    first, second = sandbox.reserve("k"), sandbox.reserve("k")
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert [entry["key"] for entry in sandbox.log()] == ["k"]


def test_repeated_key_with_another_body_is_refused(sandbox: Any) -> None:
    sandbox.reserve("k", quantity=1)
    answer = sandbox.reserve("k", quantity=2)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert len(sandbox.log()) == 1


def test_concurrent_requests_with_one_key_have_one_effect(sandbox: Any) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: sandbox.reserve("k").json()["id"], range(24)))
    assert len(set(answers)) == 1
    assert len(sandbox.log()) == 1


def test_each_request_without_a_key_has_an_effect(sandbox: Any) -> None:
    assert sandbox.reserve().json()["id"] != sandbox.reserve().json()["id"]
    assert [entry["key"] for entry in sandbox.log()] == [None, None]


def test_systems_do_not_share_keys(sandbox: Any) -> None:
    sandbox.reserve("k")
    answer = sandbox.http.post("/warranty/warranties", json={"years": 2}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert [entry["system"] for entry in sandbox.log(key="k")] == ["inventory", "warranty"]


def test_business_refusal_is_remembered_for_its_key(sandbox: Any) -> None:
    headers = {"Authorization": "Bearer t-inventory"}
    sandbox.http.put("/inventory/stock/hub-1", json={"quantity": 0}, headers=headers)
    assert sandbox.reserve("k").json()["error"]["code"] == "out_of_stock"
    sandbox.http.put("/inventory/stock/hub-1", json={"quantity": 5}, headers=headers)
    assert sandbox.reserve("k").json()["error"]["code"] == "out_of_stock"
    assert sandbox.reserve("k/2").status_code == 201


def test_reads_ignore_the_key(sandbox: Any) -> None:
    made = sandbox.reserve("k").json()
    headers = {"Authorization": "Bearer t-inventory", "Idempotency-Key": "k"}
    assert sandbox.http.get(f"/inventory/reservations/{made['id']}", headers=headers).json() == made


def test_log_lists_each_effect(sandbox: Any) -> None:
    made = sandbox.reserve("O-1/hub.reserve@1/do/1").json()
    sandbox.reserve("O-2/hub.reserve@1/do/1")
    (entry,) = sandbox.log(key_prefix="O-1/")
    assert {name: entry[name] for name in ("key", "system", "method", "path", "effect", "resource")} == {
        "key": "O-1/hub.reserve@1/do/1",
        "system": "inventory",
        "method": "POST",
        "path": "/reservations",
        "effect": "reserve",
        "resource": made["id"],
    }
    assert entry["at"].endswith("Z")


def test_key_has_one_effect_across_sigkill_and_restart(start_sandbox: Callable[..., Any]) -> None:
    sandbox = start_sandbox()
    before = sandbox.reserve("k").json()
    sandbox.kill()
    sandbox.start()
    assert sandbox.reserve("k").json() == before
    assert len(sandbox.log()) == 1


def test_each_key_of_a_burst_has_one_effect_despite_sigkill(
    start_sandbox: Callable[..., Any],
) -> None:
    sandbox = start_sandbox()
    keys = [f"k{number}" for number in range(60)]

    def reserve_or_fail(key: str) -> bool:
        try:
            return bool(sandbox.reserve(key).status_code == 201)
        except (httpx.TransportError, RuntimeError):  # the client is closed while others still use it
            return False

    with ThreadPoolExecutor(6) as threads:
        burst = [threads.submit(reserve_or_fail, key) for key in keys]
        assert burst[5].result(), "some work is done before the kill"
        sandbox.kill()
        assert not all(one.result() for one in burst), "and some is not"
    sandbox.start()
    assert all(sandbox.reserve(key).status_code == 201 for key in keys)
    assert sorted(entry["key"] for entry in sandbox.log()) == sorted(keys)


def test_stock_is_consistent_after_sigkill(start_sandbox: Callable[..., Any]) -> None:
    sandbox = start_sandbox()
    headers = {"Authorization": "Bearer t-inventory"}
    sandbox.http.put("/inventory/stock/hub-1", json={"quantity": 10}, headers=headers)
    for key in ("a", "b", "a"):
        sandbox.reserve(key, quantity=3)
    sandbox.kill()
    sandbox.start()
    sandbox.reserve("b", quantity=3)
    assert sandbox.http.get("/inventory/stock/hub-1", headers=headers).json()["available"] == 4


@pytest.mark.parametrize("given", [{"sku": "hub-1"}, {"sku": "hub-1", "quantity": 0}, ["no"], None])
def test_malformed_request_is_refused_and_does_not_use_up_its_key(sandbox: Any, given: Any) -> None:
    headers = {"Authorization": "Bearer t-inventory", "Idempotency-Key": "k"}
    answer = sandbox.http.post("/inventory/reservations", json=given, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert sandbox.reserve("k").status_code == 201

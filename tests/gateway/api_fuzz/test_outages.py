"""Without a worker, and when Temporal goes away, every operation answers in its schema, and says what is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from operations.actions import amend_order
from operations.temporal.connection import server_address
from tests.gateway.test_schema_live import OPERATIONS, STEP, case_of, request_of
from tests.support.gateway_process import BEARER, GatewayProcess
from tests.support.gateway_schema import Operation
from tests.support.http_requests import an_order
from tests.support.temporal import real_time

ORDER_ACTIONS = ("cancel", "rollback", "hold", "resume", "notes", "characteristics")
NEED_NO_TEMPORAL = {"GET /health": 200, "POST /callbacks/{callback_id}": 404}
"""Operation → status. The callback id is not valid."""


def is_decided_by_the_order(operation: Operation) -> bool:
    return str(operation).startswith(STEP) or operation.path.rpartition("/")[2] in ORDER_ACTIONS


def has_an_order(operation: Operation) -> bool:
    return "{order_id}" in operation.path


async def test_without_a_worker_every_answer_is_in_the_schema(
    idle: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amend_order, "AMEND_TIMEOUT", 2.0)
    targets = [each for each in OPERATIONS if "/bulk/" not in each.path]

    async def ask(operation: Operation) -> httpx.Response:
        order = an_order("survey")
        if has_an_order(operation):
            submitted = await idle.post("/orders", json=order, params={"wait": 3})
            assert submitted.status_code == 202
        return await idle.send(request_of(idle, operation, case_of(operation), order_id=order["id"]))

    answers = await asyncio.gather(*(ask(operation) for operation in targets))  # `idle` compares each with the schema
    for operation, answer in zip(targets, answers, strict=True):
        assert answer.status_code not in (500, 502), (str(operation), answer.text)
        if is_decided_by_the_order(operation) and "/bulk/" not in operation.path:
            assert answer.status_code == 503, str(operation)
            assert answer.json()["error"]["code"] == "no_worker", str(operation)
            assert answer.headers["retry-after"]


async def test_when_temporal_goes_away_every_answer_is_in_the_schema(tmp_path: Path) -> None:
    async with real_time() as temporal:
        gateway = GatewayProcess("--address", server_address(temporal.client), log=tmp_path / "log")
        url = await gateway.ready()
        async with httpx.AsyncClient(base_url=url, headers=BEARER, timeout=60, trust_env=False) as http:
            assert (await http.get("/ready")).status_code == 200
    try:
        async with httpx.AsyncClient(base_url=url, headers=BEARER, timeout=60, trust_env=False) as http:
            requests = [request_of(http, each, case_of(each)) for each in OPERATIONS]
            answers = await asyncio.gather(*(http.send(request) for request in requests))
        for operation, answer in zip(OPERATIONS, answers, strict=True):
            operation.validate_response(answer)
            assert answer.status_code == NEED_NO_TEMPORAL.get(str(operation), 503), (str(operation), answer.text)
    finally:
        gateway.close()

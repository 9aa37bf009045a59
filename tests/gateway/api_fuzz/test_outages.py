"""Without a worker, and when Temporal goes away, every operation answers in its schema, and says what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from operations import systems
from operations.actions import amend_order, perform_action
from operations.client import OrderClient
from operations.reading import order_details
from operations.reading.ledger_access import LedgerAccess
from operations.temporal.connection import ConnectionSettings, connect
from tests.gateway.api_fuzz.known_values import JOB
from tests.gateway.api_fuzz.site import QUEUE, FuzzSite
from tests.gateway.test_schema_live import NEED_A_LEDGER, OPERATIONS, STEP, case_of, request_of
from tests.support.gateway.http_requests import an_order
from tests.support.gateway.process import BEARER, GatewayProcess, gateway_over
from tests.support.gateway.schema import Operation

ORDER_ACTIONS = ("cancel", "rollback", "hold", "resume", "notes", "characteristics")
LIMITS = (
    (amend_order, "AMEND_TIMEOUT"),
    (perform_action, "UPDATE_TIMEOUT"),
    (order_details, "QUERY_TIMEOUT"),
    (systems, "SWITCH_TIMEOUT"),
)
"""Seconds for a worker's answer."""
SHORT_WAIT = {"wait": 3}
"""Seconds for the decision about a submission."""
NEED_NO_TEMPORAL = {"GET /health": 200, "POST /callbacks/{callback_id}": 404}
"""Operation → status. The callback id is not valid."""


@pytest.fixture(scope="session")
async def idle(site: FuzzSite) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway without a worker."""
    client = await connect(ConnectionSettings(site.address.temporal))
    async with gateway_over(OrderClient(client, "gateway-fuzz-idle")) as http:
        yield http


@asynccontextmanager
async def forwarding(target: str) -> AsyncIterator[str]:
    """An address that leads to `target` until the context ends. Then connections break, and new ones are refused."""
    host, _, port = target.rpartition(":")
    writers: list[asyncio.StreamWriter] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, back), copy(there, writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


def is_decided_by_the_order(operation: Operation) -> bool:
    return str(operation).startswith(STEP) or operation.path.rpartition("/")[2] in ORDER_ACTIONS


def has_an_order(operation: Operation) -> bool:
    return "{order_id}" in operation.path


async def test_without_a_worker_every_answer_is_in_the_schema(
    idle: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, limit in LIMITS:  # most operations wait for one of them
        monkeypatch.setattr(module, limit, 2.0)
    targets = [each for each in OPERATIONS if "/bulk/" not in each.path]

    async def ask(operation: Operation) -> httpx.Response:
        order, case = an_order("survey"), case_of(operation)
        if has_an_order(operation):
            submitted = await idle.post("/orders", json=order, params=SHORT_WAIT)
            assert submitted.status_code == 202
        if str(operation) == "POST /orders":
            case = replace(case, query=SHORT_WAIT)
        return await idle.send(request_of(idle, operation, case, order_id=order["id"]))

    answers = await asyncio.gather(*(ask(operation) for operation in targets))  # `idle` compares each with the schema
    for operation, answer in zip(targets, answers, strict=True):
        assert answer.status_code not in (500, 502), (str(operation), answer.text)
        if is_decided_by_the_order(operation) and "/bulk/" not in operation.path:
            assert answer.status_code == 503, str(operation)
            assert answer.json()["error"]["code"] == "no_worker", str(operation)
            assert answer.headers["retry-after"]


async def test_when_temporal_goes_away_every_answer_is_in_the_schema(site: FuzzSite, tmp_path: Path) -> None:
    async with forwarding(site.address.temporal) as address:
        gateway = GatewayProcess("--address", address, log=tmp_path / "log")
        url = await gateway.ready()
        async with httpx.AsyncClient(base_url=url, headers=BEARER, timeout=60, trust_env=False) as http:
            assert (await http.get("/ready")).status_code == 200
    try:
        async with httpx.AsyncClient(base_url=url, headers=BEARER, timeout=60, trust_env=False) as http:
            requests = [request_of(http, each, case_of(each)) for each in OPERATIONS]
            answers = await asyncio.gather(*(http.send(request) for request in requests))
        for operation, answer in zip(OPERATIONS, answers, strict=True):
            operation.validate_response(answer)
            expected = NEED_NO_TEMPORAL.get(str(operation), 422 if str(operation) in NEED_A_LEDGER else 503)
            assert answer.status_code == expected, (str(operation), answer.text)
    finally:
        gateway.close()


def missing_file(folder: Path) -> Path:
    return folder / "gone.sqlite"


def missing_folder(folder: Path) -> Path:
    return folder / "gone" / "ledger.sqlite"


def damaged_file(folder: Path) -> Path:
    file = folder / "damaged.sqlite"
    file.write_bytes(b"no database " * 1000)
    return file


def file_without_tables(folder: Path) -> Path:
    file = folder / "empty.sqlite"
    file.touch()
    return file


@pytest.mark.parametrize("kind", [missing_file, missing_folder, damaged_file, file_without_tables])
async def test_while_the_ledger_is_away_every_answer_is_in_the_schema(
    site: FuzzSite, tmp_path: Path, kind: Callable[[Path], Path]
) -> None:
    site.renew()
    ledger = LedgerAccess({"ORDO_LEDGER_URL": f"sqlite:///{kind(tmp_path)}"})
    client = await connect(ConnectionSettings(site.address.temporal))
    reading = [each for each in OPERATIONS if each.method == "get"]
    async with gateway_over(OrderClient(client, QUEUE, ledger=ledger)) as http:  # compares each answer with the schema
        known = {"order_id": "FUZZ-survey", "job": f"{JOB}-1"}
        answers = [await http.send(request_of(http, each, case_of(each), **known)) for each in reading]
    ledger.close()
    for operation, answer in zip(reading, answers, strict=True):
        if str(operation) in NEED_A_LEDGER:
            assert answer.status_code == 503, (str(operation), answer.text)
            assert answer.json()["error"]["code"] == "ledger_away", str(operation)
        else:
            assert answer.status_code == 200, (str(operation), answer.text)

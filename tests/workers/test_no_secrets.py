"""Secrets are nowhere: not in the ledger, its archive, exports, reports, answers, logs, events or histories."""

from __future__ import annotations

import asyncio
import base64
import re
import signal
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from google.protobuf.message import Message
from sqlalchemy import URL, Engine, select
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from ledger.schema.tables import attempts, metadata, orders, steps
from tests.support.command_line import shell
from tests.support.gateway.process import GatewayProcess
from tests.support.paths import ROOT
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.scripted_system import Received, Reply, ScriptedServer
from tests.support.workers.site import Site, until
from tests.workers.written_files import ARCHIVE_FORMATS, OUTPUTS, REPORTS, archives, exports, reports
from workflows.contract.order_messages import order_workflow_id, outbox_workflow_id

SECRETS = {
    "GREETER_TOKEN": "bearer-7f3a91c2d4e85b60",
    "GREETER_KEY": "apikey-51be0c77aa9d2f43",
    "GREETER_PASSWORD": "basic:pass-9c0e2f7b16d83a54",
    "CRM_TOKEN": "crmtoken-2ab7c9d01e4f5386",
    "CRM_SIGNING": "signing-c3d5e7f9a1b20468",
    "ORDO_GATEWAY_TOKEN": "gateway-0f9e8d7c6b5a4321",
    "ORDO_CALLBACK_SECRET": "callback-13579bdf02468ace",
}
LEDGER_PASSWORD = "ledger-pass@word-86420fdb"
DEFINITIONS = """
kind: system
id: by_token
base_url: ${env.GREETER_URL}
auth: {bearer: {env: GREETER_TOKEN}}
breaker: false
---
kind: system
id: by_key
base_url: ${env.GREETER_URL}
auth: {api_key: {header: X-Key, value: {env: GREETER_KEY}}}
breaker: false
---
kind: system
id: by_password
base_url: ${env.GREETER_URL}
auth: {basic: {user: ordo, password: {env: GREETER_PASSWORD}}}
breaker: false
---
kind: receiver
id: crm
url: ${env.CRM_HOOK}
auth: {bearer: {env: CRM_TOKEN}}
secret: {env: CRM_SIGNING}
events: ["order.*", "step.*"]
retry: {max_attempts: 100, initial: 100ms, backoff: 1}
---
kind: commercial_product
id: leaky
quantity: one
steps:
  token: {call: {system: by_token, post: /token, body: {}}, retry: {max_attempts: 3, initial: 50ms, backoff: 1}}
  key: {call: {system: by_key, post: /key, body: {}}, retry: {max_attempts: 1}}
  password: {call: {system: by_password, post: /password, body: {}}, retry: {max_attempts: 1}}
"""


def echoes(status: int, received: Received) -> Reply:
    """A system that tells in its answer what it was sent."""
    sent = {name: value for name, value in received.headers.items() if name in ("authorization", "x-key")}
    return Reply(status, {"message": f"not allowed with {sent}", "seen": sent})


class LeakySystem:
    """Each step's first call fails with what was sent; later ones succeed with it."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, received: Received) -> Reply:
        is_first = received.path not in self.seen
        self.seen.add(received.path)
        if received.path == "/hook":
            return echoes(500 if is_first else 200, received)
        return echoes((503 if received.path == "/token" else 422) if is_first else 200, received)


def spellings() -> list[bytes]:
    """Every way in which a secret may be written."""
    texts = {*SECRETS.values(), LEDGER_PASSWORD, quote(LEDGER_PASSWORD, safe="")}
    basic = f"ordo:{SECRETS['GREETER_PASSWORD']}"
    encoded = {base64.b64encode(text.encode()).decode() for text in {*texts, basic}}
    return [text.encode() for text in sorted(texts | encoded)]


def assert_clean(place: str, data: bytes) -> None:
    assert [text for text in spellings() if text in data] == [], place


@pytest.fixture
def secret_url(ledger_url: URL) -> str:
    """With a password where the database has one. The test server lets everybody in."""
    if ledger_url.get_backend_name() != "sqlite":
        ledger_url = ledger_url.set(password=LEDGER_PASSWORD)
    return ledger_url.render_as_string(hide_password=False)


async def test_planted_secrets_are_found_nowhere(
    temporal: WorkflowEnvironment,
    site: Site,
    ledger_database: Engine,
    secret_url: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order_id = f"S-{ledger_database.dialect.name}"
    site.define("leaky", DEFINITIONS)
    site.server.answers(LeakySystem())
    worker = await site.worker(ORDO_LEDGER_URL=secret_url, CRM_HOOK=f"{site.server.url}/hook", **SECRETS)
    await worker.says("orders tell the ledger what they do")
    environment = {"ORDO_LEDGER_URL": secret_url, "TEMPORAL_ADDRESS": site.address}
    where = ("--address", site.address, "--task-queue", site.task_queue)
    log = tmp_path / "gateway.log"
    gateway = GatewayProcess(*where, log=log, **environment, **SECRETS)
    try:
        answers = await run_through_gateway(await gateway.ready(), ledger_database, order_id)
    finally:
        gateway.close()
    await until(lambda: len(events_of(site.server)) >= 5)
    assert await worker.ends(signal.SIGTERM) == 0

    assert_written(ledger_database)
    for name, data in answers:
        assert_clean(name, data)
    assert_clean("worker's log", "\n".join(worker.lines).encode())
    assert_clean("gateway's log", log.read_bytes())
    for event in events_of(site.server):
        assert_clean("event", event.body)
    async for name, data in histories(temporal.client, order_id):
        assert_clean(name, data)
    for name, data in ledger_contents(ledger_database, request):
        assert_clean(name, data)
    monkeypatch.setenv("ORDO_LEDGER_URL", secret_url)
    monkeypatch.chdir(ROOT)
    written = await asyncio.to_thread(written_by_commands, tmp_path, order_id)
    assert_told(written, order_id)
    for name, data in written.items():
        assert_clean(name, data)


def written_by_commands(folder: Path, order_id: str) -> dict[str, bytes]:
    found = [*exports(folder / "exports", order_id), *reports(), *archives(folder / "archive", order_id)]
    assert len(dict(found)) == len(found)
    return dict(found)


def assert_told(written: dict[str, bytes], order_id: str) -> None:
    """The texts in which secrets were echoed are in what is written, so that they would be found."""
    echo = b"not allowed with"
    with_echoes = ("orders.jsonl", "attempts.csv", "attempts.parquet", "steps.csv", "steps.parquet")
    assert all(echo in written[name] or b"seen" in written[name] for name in with_echoes)
    assert all(echo in written[name] for name in ("orders.jsonl", "attempts.csv", "attempts.parquet"))
    archived = [name for name in written if name.startswith("archive of") and name.endswith((".gz", ".parquet"))]
    assert len(archived) == len(ARCHIVE_FORMATS)
    assert all(order_id.encode() in written[name] and b"seen" in written[name] for name in archived)
    assert all(b"by_key" in written[f"report fallout as {output}"] for output in OUTPUTS)


async def run_through_gateway(url: str, engine: Engine, order_id: str) -> list[tuple[str, bytes]]:
    """Submits an order whose steps fail, and completes it. Returns all answers."""
    order = {"id": order_id, "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": "leaky"}]}
    answers: list[tuple[str, bytes]] = []
    bearer = {"Authorization": f"Bearer {SECRETS['ORDO_GATEWAY_TOKEN']}"}
    async with httpx.AsyncClient(base_url=url, headers=bearer, timeout=30, trust_env=False) as http:

        async def ask(method: str, path: str, body: object = None) -> httpx.Response:
            response = await http.request(method, path, json=body)
            answers.append((f"{method} {path}", response.content))
            return response

        assert (await ask("POST", "/orders", order)).status_code == 201
        await until(lambda: failed_steps(engine) == ["leaky.key@1", "leaky.password@1"])
        for path in (
            f"/orders/{order_id}",
            f"/orders/{order_id}/history",
            f"/orders/{order_id}/submissions",
            f"/orders/{order_id}/attempts",
            f"/orders/{order_id}/why",
            "/fallout",
            "/orders",
        ):
            assert (await ask("GET", path)).status_code == 200, path
        for step in ("leaky.key@1", "leaky.password@1"):
            body = {"by": "ann", "reason": "again"}
            assert (await ask("POST", f"/orders/{order_id}/steps/{step}/retry", body)).status_code == 200
        await until(lambda: state_of(engine) == "completed")
        reported = [f"/reports/{report}" for report in REPORTS]
        for path in (f"/orders/{order_id}", f"/orders/{order_id}/history", *reported):
            assert (await ask("GET", path)).status_code == 200, path
        wrong = await http.get("/orders", headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401
        answers.append(("refusal", wrong.content))
    return answers


def failed_steps(engine: Engine) -> list[str]:
    query = select(steps.c.step_id).where(steps.c.state == "fatally_failed").order_by(steps.c.step_id)
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def state_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return connection.execute(select(orders.c.state)).scalar()


def assert_written(engine: Engine) -> None:
    """The errors and the outputs in which secrets were echoed are in the ledger."""
    with engine.connect() as connection:
        messages = list(connection.execute(select(attempts.c.message)).scalars())
        outputs = list(connection.execute(select(steps.c.output)).scalars())
    assert sum("not allowed with" in (message or "") for message in messages) == 3
    assert all("seen" in output for output in outputs)


def events_of(server: ScriptedServer) -> list[Received]:
    return [received for received in server.received if received.path == "/hook"]


async def histories(client: Client, order_id: str) -> AsyncIterator[tuple[str, bytes]]:
    """Every event of the order's workflow and of its outbox, with its payloads as they are; and the plan, decoded."""
    ids = (order_workflow_id(order_id), outbox_workflow_id(order_id))
    for workflow_id in ids:
        handle = client.get_workflow_handle(workflow_id)
        async for event in handle.fetch_history_events():
            data = event.SerializeToString()
            yield f"{workflow_id} {event.event_id}", data
            for payload in payloads(event):
                yield f"{workflow_id} {event.event_id} decoded", decoded(payload.data)


def payloads(message: Message) -> Iterator[Payload]:
    """All payloads in an event, however deep."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        for each in value if field.is_repeated else [value]:
            if isinstance(each, Message):
                yield from payloads(each)


def decoded(data: bytes) -> bytes:
    """What is compressed within, such as a plan, is appended."""
    found = [data]
    for text in re.findall(rb"[A-Za-z0-9+/_-]{40,}={0,2}", data):
        with suppress(ValueError, zlib.error):
            found.append(zlib.decompress(base64.b64decode(text.translate(bytes.maketrans(b"-_", b"+/")))))
    return b"\n".join(found)


def ledger_contents(engine: Engine, request: pytest.FixtureRequest) -> Iterator[tuple[str, bytes]]:
    """All rows, and the bytes of the database's files; of PostgreSQL also the write-ahead log."""
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            yield table.name, "\n".join(str(row) for row in connection.execute(select(table))).encode()
    if engine.dialect.name == "sqlite":
        database = Path(str(engine.url.database))
        files: Iterable[Path] = database.parent.glob(f"{database.name}*")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        server.execute("CHECKPOINT")
        files = (path for path in server.data_folder.rglob("*") if path.is_file())
    for path in files:
        yield path.name, path.read_bytes()


@pytest.mark.parametrize(
    "command",
    [
        ("ledger", "status"),
        ("ledger", "archive", "--older-than", "1d", "--dry-run"),
        ("ledger", "holds"),
        ("show", "S-1", "--ledger"),
    ],
)
def test_a_ledger_that_is_away_keeps_its_password(command: tuple[str, ...]) -> None:
    """Also in the traceback that --debug prints."""
    url = URL.create("postgresql", "ordo", LEDGER_PASSWORD, "127.0.0.1", 9, "ledger")
    environment = {"ORDO_LEDGER_URL": url.render_as_string(hide_password=False)}
    answer = shell(*command, "--debug", "--address", "127.0.0.1:9", environment=environment)
    assert answer.status != 0
    assert "PostgreSQL database ledger on 127.0.0.1:9" in answer.err
    assert_clean("answer", (answer.out + answer.err).encode())

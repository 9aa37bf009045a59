"""A gateway process, a worker, a Temporal server of their own, and orders in many states."""

from __future__ import annotations

import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import requests

from compiler.catalogue_files import CatalogueFiles
from compiler.load_catalogue import load_published
from operations.client import OrderClient
from operations.publishing.publish_version import PublishCommand, VersionToPublish
from operations.temporal.connection import server_address
from tests.gateway.api_fuzz import known_values
from tests.gateway.api_fuzz.answer_checks import CHECKS
from tests.gateway.api_fuzz.known_values import ORDERS, TASKS, AnyCase, known_order, put_known_values
from tests.support.gateway.http_requests import ENDED, Json, an_order
from tests.support.gateway.process import BEARER, NOWHERE, GatewayProcess
from tests.support.servers.desk_system import Desk
from tests.support.servers.temporal import BINARY, real_time
from tests.support.workers.gateway_worker import CATALOGUE, WorkerProcess, eventually
from workflows.contract.order_messages import Actor, order_workflow_id

QUEUE = "gateway-fuzz"
LISTS = ("/orders", "/fallout", "/tasks")
CASES_UNTIL_RENEWAL = 50
"""Requests until the orders that they have ended are submitted again."""


class Address(NamedTuple):
    """Where the site's processes find each other."""

    temporal: str
    ledger: str
    desk: Desk


class FuzzSite:
    """The gateway under test. Requests go through `send`, so that they name what exists."""

    def __init__(self, url: str, log: Path, address: Address, keeper: OrderKeeper | None = None) -> None:
        self.url = url
        self.address = address
        self.successes: set[str] = set()
        """Operations that have succeeded."""
        self.sent: set[str] = set()
        self._log = log
        self._keeper = keeper
        self._cases = 0
        self._values: dict[str, str] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, case: AnyCase) -> None:
        """Sends the request and checks the response."""
        if self._cases % CASES_UNTIL_RENEWAL == 0:
            self.renew()
        self._cases += 1
        put_known_values(case)
        cursor = self._values.get(known_values.CURSOR + case.path)
        if cursor is None and case.query == {"cursor": known_values.CURSOR}:
            case.query = {}
        for values in (case.path_parameters, case.query):
            for name, value in values.items():
                if isinstance(value, str):
                    values[name] = cursor if cursor and value == known_values.CURSOR else self._values.get(value, value)
        response = case.call_and_validate(base_url=self.url, session=self._session, additional_checks=CHECKS)
        self.sent.add(case.operation.label)
        if response.status_code < 300:
            self.successes.add(case.operation.label)

    def renew(self) -> None:
        """Submits again what has ended."""
        if self._keeper:
            self._values = self._keeper.renew()

    def failures_in_log(self) -> list[str]:
        """A response may hide one, such as a stream that breaks."""
        lines = self._log.read_text().splitlines()
        return [line for line in lines if "request failed" in line or "Traceback" in line]


class OrderKeeper:
    """Keeps the known orders in the states that they are known for."""

    def __init__(self, url: str, address: Address) -> None:
        self._address = address
        self._http = httpx.Client(base_url=url, headers=BEARER, timeout=60, trust_env=False)
        self._job_number = 1

    def renew(self) -> dict[str, str]:
        """Submits the orders that do not exist or have ended. Returns what the placeholders stand for."""
        for order_id in (*ORDERS, *TASKS):
            if self._state(order_id) in (None, *ENDED):
                self._submit(order_id)
        if self._state(known_values.CANCELLED) is None:
            self._submit(known_values.CANCELLED)
            self._http.post(f"/orders/{known_values.CANCELLED}/cancel", json={"by": "ann"}).raise_for_status()
        self._http.post("/orders", json=an_order("no_such_product", known_values.REJECTED))
        if self._read(known_values.INTERRUPTED).get("interrupted") is None:
            self._submit(known_values.INTERRUPTED)
            self._terminate(known_values.INTERRUPTED)
        cursors = {known_values.CURSOR + path: self._cursor(path) for path in LISTS}
        known = {known_values.CALLBACK: self._callback_id(), known_values.JOB: self._running_job()}
        return known | {name: each for name, each in cursors.items() if each}

    def _read(self, order_id: str) -> Json:
        response = self._http.get(f"/orders/{order_id}")
        return dict(response.json()) if response.is_success else {}

    def _state(self, order_id: str) -> str | None:
        return self._read(order_id).get("state")

    def _submit(self, order_id: str) -> None:
        response = self._http.post("/orders", params={"revision": True}, json=known_order(order_id))
        assert response.status_code in (200, 201, 202), response.text

    def _terminate(self, order_id: str) -> None:
        workflow = ["--address", self._address.temporal, "--workflow-id", order_workflow_id(order_id)]
        subprocess.run([BINARY, "workflow", "terminate", *workflow], check=True, capture_output=True)

    def _running_job(self) -> str:
        """The id of a job that waits 100 s after each of its tasks. Another one, if it has ended or was stopped."""
        request = {"action": "claim", "product": "survey", "tasks": True, "by": "ann", "pace": 0.01}
        end = time.monotonic() + 20
        while True:
            job = f"{known_values.JOB}-{self._job_number}"
            begun = self._http.post("/bulk-jobs", json=request | {"id": job}).raise_for_status().json()["job"]
            if begun is not None and begun["state"] == "running":
                return job
            if begun is not None:
                self._job_number += 1
            assert time.monotonic() < end, "no task is listed"
            time.sleep(0.1)

    def _callback_id(self) -> str:
        end = time.monotonic() + 20
        while (url := self._address.desk.call_backs.get("FUZZ-visit")) is None:
            assert time.monotonic() < end, "the desk was not called"
            time.sleep(0.02)
        return url.rpartition("/callbacks/")[2]

    def _cursor(self, path: str) -> str | None:
        """Where the second page of this list begins. None: it has one page, or cannot be read now."""
        response = self._http.get(path, params={"limit": 1})
        return response.json()["next_cursor"] if response.is_success else None


@asynccontextmanager
async def fuzz_site(folder: Path) -> AsyncIterator[FuzzSite]:
    desk = Desk()
    async with real_time() as temporal:
        address = Address(server_address(temporal.client), f"sqlite:///{folder / 'ledger.sqlite'}", desk)
        await _publish_catalogue(OrderClient(temporal.client, QUEUE))
        worker = WorkerProcess(address.temporal, QUEUE, desk.url, folder / "worker.log", ORDO_LEDGER_URL=address.ledger)
        try:
            async with _gateway(folder, address.temporal, address.ledger) as gateway:
                await worker.ready()
                url = await gateway.ready()
                await _ledger_is_fed(url)
                yield FuzzSite(url, gateway.log, address, OrderKeeper(url, address))
        finally:
            worker.close()
            desk.close()


@asynccontextmanager
async def _gateway(folder: Path, temporal: str, ledger: str) -> AsyncIterator[GatewayProcess]:
    arguments = ("--address", temporal, "--task-queue", QUEUE)
    gateway = GatewayProcess(*arguments, log=folder / "gateway.log", ORDO_LEDGER_URL=ledger)
    try:
        yield gateway
    finally:
        gateway.close()


async def _ledger_is_fed(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, headers=BEARER, trust_env=False) as http:
        await eventually(
            lambda: http.get("/tasks/groups"), lambda answer: answer.is_success and answer.json()["is_fed"]
        )


async def _publish_catalogue(orders: OrderClient) -> None:
    files = CatalogueFiles.read(CATALOGUE)
    version = VersionToPublish(load_published(files)[0].version, files.digest, files.pack())
    await orders.publish(PublishCommand(version, Actor(by="ann", reason="")))


@asynccontextmanager
async def site_without_temporal(site: FuzzSite, folder: Path) -> AsyncIterator[FuzzSite]:
    """A gateway with the ledger of `site`, whose Temporal cannot be reached."""
    async with _gateway(folder, NOWHERE, site.address.ledger) as gateway:
        yield FuzzSite(await gateway.ready(), gateway.log, site.address)


@asynccontextmanager
async def site_without_ledger(site: FuzzSite, folder: Path) -> AsyncIterator[FuzzSite]:
    """A gateway with the orders of `site`, whose ledger has gone."""
    async with _gateway(folder, site.address.temporal, f"sqlite:///{folder / 'gone.sqlite'}") as gateway:
        url = await gateway.ready()
        yield FuzzSite(url, gateway.log, site.address, OrderKeeper(url, site.address))

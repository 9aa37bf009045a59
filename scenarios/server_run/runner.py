"""Runs many scenarios on the real server, several at a time."""

from __future__ import annotations

import asyncio
import os
import queue
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

import httpx

from compiler.catalogue.catalogue import Catalogue
from scenarios.expectations.judge import judge_record
from scenarios.record import Problem, Record
from scenarios.scenario_order import ScenarioEntry
from scenarios.server_run.embedded_server import embedded_server
from scenarios.server_run.gateway import ServedGateway
from scenarios.server_run.http_systems import http_systems
from scenarios.server_run.quiet_logs import quiet_logs
from scenarios.server_run.run_in_slot import run_in_slot
from scenarios.server_run.slot import Outside, Slot
from scenarios.verdict import ScenarioResult

MAX_SLOTS = 8
"""Scenarios that run at a time."""
MAX_REQUEST_SECONDS = 30.0
"""Real seconds that the gateway takes at most."""


@asynccontextmanager
async def open_slots(catalogue: Catalogue, count: int) -> AsyncIterator[list[Slot]]:
    """Slots that are ready."""
    by_name: dict[str, Slot] = {}
    token, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    gateway = ServedGateway(token, secret.encode())
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(http_systems(by_name, gateway))
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=MAX_REQUEST_SECONDS, trust_env=False))
        # The address in a call does not tell the slot: its pretend systems know their own gateway.
        stack.enter_context(_environment({"ORDO_GATEWAY_URL": address, "ORDO_CALLBACK_SECRET": secret}))
        outside = Outside(address, http, token, secret.encode())
        clients = await stack.enter_async_context(embedded_server([f"slot-{number}" for number in range(count)]))
        by_name |= {client.namespace: Slot(client, catalogue, outside) for client in clients}
        await asyncio.gather(*(stack.enter_async_context(slot.working()) for slot in by_name.values()))
        yield [*by_name.values()]


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ |= variables
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


async def run_all(
    catalogue: Catalogue, scenarios: Sequence[ScenarioEntry], done: Callable[[ScenarioResult], None]
) -> None:
    """Calls `done` with each result as soon as it is known."""
    waiting = list(reversed(scenarios))

    async def work(slot: Slot) -> None:
        while waiting:
            done(await _run(waiting.pop(), slot))

    count = max(1, min(MAX_SLOTS, len(scenarios)))
    async with open_slots(catalogue, count) as ready, asyncio.TaskGroup() as group:
        for slot in ready:
            group.create_task(work(slot))


async def _run(entry: ScenarioEntry, slot: Slot) -> ScenarioResult:
    began = time.perf_counter()
    try:
        record = await run_in_slot(entry, slot)
    except Exception as error:  # a defect in one scenario must not end the others
        record = _broken(f"the run was broken off: {type(error).__name__}: {error}")
    return ScenarioResult(entry, record, judge_record(entry, record), time.perf_counter() - began)


def _broken(message: str) -> Record:
    record = Record(stopped=message)
    record.problems.append(Problem(("id",), message))
    return record


def run_on_server(catalogue: Catalogue, scenarios: Sequence[ScenarioEntry]) -> Iterator[ScenarioResult]:
    """The results, in the order of the scenarios, each as soon as it is known. Raises StackError."""
    ended: queue.Queue[ScenarioResult | BaseException | None] = queue.Queue()
    loop = asyncio.new_event_loop()
    running = loop.create_task(run_all(catalogue, scenarios, ended.put))

    def run() -> None:
        try:
            with quiet_logs():
                loop.run_until_complete(running)
            ended.put(None)
        except BaseException as error:
            ended.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="scenarios")
    thread.start()
    known: dict[str, ScenarioResult] = {}
    try:
        for entry in scenarios:
            while entry.model.id not in known:
                result = ended.get()
                if not isinstance(result, ScenarioResult):
                    raise result or RuntimeError("a scenario has no result")
                known[result.id] = result
            yield known[entry.model.id]
    finally:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(running.cancel)
        thread.join()

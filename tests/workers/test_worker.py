"""The worker as a process, on a real Temporal: it starts, says when it is ready, follows its catalogue, ends well."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from operations.reading.deployed_catalogue import read_worker_catalogues
from tests.support.servers.scripted_system import Reply
from tests.support.servers.temporal import BINARY, FAST, dynamic_config
from tests.support.workers.site import DEADLINE, Site, until
from tests.workers.conftest import OFFER, SYSTEM
from workers.search_attribute_registration import REQUIRED_TYPES
from workflows.contract.catalogue_messages import WorkerCatalogue
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, FulfilOrderInput, order_workflow_id


async def submit(client: Client, site: Site, order_id: str, product: str) -> WorkflowHandle[Any, Any]:
    order = {
        "id": order_id,
        "customer": {"id": "C-1", "name": "Elm Street 14"},
        "lines": [{"id": "1", "product": product}],
    }
    unique = f"{site.task_queue}-{order_id}"[-100:]
    return await client.start_workflow(
        ORDER_WORKFLOW_TYPE,
        FulfilOrderInput(order=order | {"id": unique}),
        id=order_workflow_id(unique),
        task_queue=site.task_queue,
    )


async def test_it_says_when_it_is_ready_and_fulfils_orders_without_a_secret_in_history_or_log(
    temporal: WorkflowEnvironment, site: Site
) -> None:
    echo = {"message": "Authorization: Bearer token-of-the-greeter"}
    site.server.answers(Reply(503, echo), Reply(200, echo))
    worker = await site.worker()
    ready = await worker.says("worker ready")
    assert ready["task_queue"] == site.task_queue
    assert ready["catalogue_version"].startswith("sha256:")
    handle = await submit(temporal.client, site, "A-1", "welcome")
    await asyncio.wait_for(handle.result(), DEADLINE)
    assert [received.path for received in site.server.received] == ["/welcome", "/welcome"]
    assert site.server.received[0].headers["authorization"] == "Bearer token-of-the-greeter"
    history = "\n".join(str(event) for event in (await handle.fetch_history()).events)  # payloads in clear
    for text in (history, "\n".join(worker.lines)):
        assert "***" in text
        assert "token-of-the-greeter" not in text


async def test_told_to_end_it_lets_the_running_call_finish_and_exits_with_0(
    temporal: WorkflowEnvironment, site: Site
) -> None:
    held = asyncio.Event()
    site.server.answers(Reply(200, {}, holds=held))
    worker = await site.worker()
    await worker.says("worker ready")
    handle = await submit(temporal.client, site, "A-1", "welcome")
    await until(lambda: site.server.received)
    worker.process.send_signal(signal.SIGTERM)
    await worker.says("worker ends")
    held.set()
    assert await worker.ends() == 0
    assert "Traceback" not in "\n".join(worker.lines)
    second = await site.worker()
    await second.says("worker ready")
    await asyncio.wait_for(handle.result(), DEADLINE)
    assert len(site.server.received) == 1, "the call was not made again: its answer had been taken"


async def test_without_the_variables_that_systems_name_it_does_not_start_and_names_them_all(site: Site) -> None:
    worker = await site.worker(GREETER_URL=None, GREETER_TOKEN=None)
    assert await worker.ends() == 1
    await until(lambda: len(worker.lines) >= 3)
    said = "\n".join(worker.lines)
    assert "GREETER_URL" in said
    assert "GREETER_TOKEN" in said
    assert "Traceback" not in said


async def test_with_a_catalogue_that_cannot_be_used_it_does_not_start_and_says_where_it_is_wrong(site: Site) -> None:
    site.define("broken", "kind: commercial_product\nid: [")
    worker = await site.worker()
    assert await worker.ends() == 1
    await until(lambda: any("broken.yaml:" in line for line in worker.lines))
    assert "Traceback" not in "\n".join(worker.lines)


async def test_wrong_usage_is_exit_2(site: Site) -> None:
    worker = await site.worker("--no-such-flag")
    assert await worker.ends() == 2


async def test_a_profile_that_cannot_be_read_is_said_without_a_traceback(site: Site) -> None:
    (site.folder / "profile").write_text("[[[")
    worker = await site.worker(TEMPORAL_CONFIG_FILE=str(site.folder / "profile"))
    assert await worker.ends() == 1
    await until(lambda: any("profile" in line for line in worker.lines))
    assert "Traceback" not in "\n".join(worker.lines)


async def test_a_new_offer_and_its_new_system_are_used_by_the_next_order_without_a_restart(
    temporal: WorkflowEnvironment, site: Site
) -> None:
    worker = await site.worker()
    first = await worker.says("worker ready")
    held = asyncio.Event()
    site.server.answers(Reply(200, {}, holds=held), Reply(200, {}))
    running = await submit(temporal.client, site, "A-1", "welcome")
    await until(lambda: site.server.received)
    site.define("more", SYSTEM.format(id="other", concurrency=1))
    site.define("goodbye", OFFER.format(id="goodbye", system="other"))
    handle = await submit(temporal.client, site, "A-2", "goodbye")
    await asyncio.wait_for(handle.result(), DEADLINE)
    assert site.server.received[-1].path == "/goodbye"
    edited = await worker.says("catalogue in force", changed=True)
    assert edited["catalogue_version"] != first["catalogue_version"]
    held.set()
    await asyncio.wait_for(running.result(), DEADLINE)


async def test_a_running_order_keeps_its_plan_when_its_offer_is_edited_and_the_next_one_has_the_new(
    temporal: WorkflowEnvironment, site: Site
) -> None:
    offer = OFFER.format(id="welcome", system="greeter") + "  then: {after: greet, call: {system: greeter, post: PATH}}"
    site.define("welcome", offer.replace("PATH", "/first"))
    worker = await site.worker()
    await worker.says("worker ready")
    held = asyncio.Event()
    site.server.answers(Reply(200, {}, holds=held), Reply(200, {}))
    running = await submit(temporal.client, site, "A-1", "welcome")
    await until(lambda: site.server.received)
    site.define("welcome", offer.replace("PATH", "/second"))
    await worker.says("catalogue in force", changed=True)
    held.set()
    await asyncio.wait_for(running.result(), DEADLINE)
    following = await submit(temporal.client, site, "A-2", "welcome")
    await asyncio.wait_for(following.result(), DEADLINE)
    assert [received.path for received in site.server.received] == ["/welcome", "/first", "/welcome", "/second"]


async def test_an_invalid_edit_is_refused_loudly_and_the_last_good_catalogue_goes_on(
    temporal: WorkflowEnvironment, site: Site
) -> None:
    worker = await site.worker()
    await worker.says("worker ready")
    site.define("welcome", OFFER.format(id="welcome", system="nobody"))
    refused = await worker.says("edited catalogue refused, the last good one stays in force")
    assert refused["level"] == "error"
    assert any("welcome.yaml:" in problem for problem in refused["problems"])
    handle = await submit(temporal.client, site, "A-1", "welcome")
    await asyncio.wait_for(handle.result(), DEADLINE)
    assert site.server.received[0].path == "/welcome"


async def test_refused_edit_is_reported_until_it_is_fixed_and_withdrawn_at_the_end(
    temporal: WorkflowEnvironment, site: Site
) -> None:
    worker = await site.worker()
    ready = await worker.says("worker ready")
    reported = await _reported(temporal.client, site, lambda reports: bool(reports))
    assert (reported[0].version, reported[0].refused) == (ready["catalogue_version"], None)
    site.define("welcome", OFFER.format(id="welcome", system="nobody"))
    (refusing,) = await _reported(temporal.client, site, lambda reports: reports[0].refused is not None)
    assert refusing.version == ready["catalogue_version"]
    assert refusing.refused
    assert "welcome.yaml:" in refusing.refused.findings[0]
    site.define("welcome", OFFER.format(id="hello", system="greeter"))
    (fixed,) = await _reported(temporal.client, site, lambda reports: reports[0].refused is None)
    assert fixed.version != refusing.version
    assert await worker.ends(signal.SIGTERM) == 0
    await _reported(temporal.client, site, lambda reports: not reports)


async def _reported(
    client: Client, site: Site, holds: Callable[[Sequence[WorkerCatalogue]], bool]
) -> Sequence[WorkerCatalogue]:
    async with asyncio.timeout(DEADLINE):
        while not holds(reports := await read_worker_catalogues(client, site.task_queue)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return reports


async def test_a_moved_address_heals_an_order_that_already_runs(temporal: WorkflowEnvironment, site: Site) -> None:
    site.define(
        "systems", SYSTEM.format(id="greeter", concurrency=4).replace("${env.GREETER_URL}", "http://127.0.0.1:1")
    )
    worker = await site.worker()
    await worker.says("worker ready")
    handle = await submit(temporal.client, site, "A-1", "welcome")
    failed = await worker.says("attempt failed")
    assert failed["step_id"].startswith("welcome.greet")
    assert failed["order_id"].endswith("A-1")
    site.define("systems", SYSTEM.format(id="greeter", concurrency=4))
    await asyncio.wait_for(handle.result(), DEADLINE)
    assert len(site.server.received) == 1


async def test_no_more_calls_are_made_at_once_than_the_systems_limit_also_after_it_was_changed(
    temporal: WorkflowEnvironment, site: Site
) -> None:
    site.define("systems", SYSTEM.format(id="greeter", concurrency=2))
    held = asyncio.Event()
    site.server.answers(Reply(200, {}, holds=held))
    worker = await site.worker()
    await worker.says("worker ready")
    handles = [await submit(temporal.client, site, f"A-{n}", "welcome") for n in range(6)]
    await until(lambda: len(site.server.received) == 2)
    site.define("systems", SYSTEM.format(id="greeter", concurrency=3))
    await worker.says("catalogue in force")
    held.set()
    await worker.says("limits changed", system="greeter", concurrency=3)
    for handle in handles:
        await asyncio.wait_for(handle.result(), DEADLINE)
    assert site.server.most_at_once <= 3
    assert len(site.server.received) == 6


@asynccontextmanager
async def temporal_process(port: int, data: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(
            str(BINARY),
            "server",
            "start-dev",
            "--headless",
            "--ip",
            "127.0.0.1",
            "--port",
            str(port),
            "--log-level",
            "error",
        ),
        *("--db-filename", str(data), *dynamic_config(FAST)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=os.environ | {"TEMPORAL_VERSION_CHECK_DISABLED": "1"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


async def test_it_waits_for_a_temporal_that_is_not_there_registers_search_attributes_and_reconnects(
    site: Site, tmp_path: Path
) -> None:
    port = free_port()
    site.address = f"127.0.0.1:{port}"
    worker = await site.worker()
    waiting = await worker.says("waiting for Temporal")
    assert waiting["address"] == site.address
    async with temporal_process(port, tmp_path / "temporal.sqlite"):
        registered = await worker.says("search attributes registered")
        assert set(registered["names"]) == set(REQUIRED_TYPES)
        await worker.says("worker ready")
    async with temporal_process(port, tmp_path / "temporal.sqlite"):
        client = await _client(site.address)
        handle = await submit(client, site, "A-1", "welcome")
        await asyncio.wait_for(handle.result(), DEADLINE)
        assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
        assert await worker.ends(signal.SIGTERM) == 0


async def _client(address: str) -> Client:
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                return await Client.connect(address, data_converter=pydantic_data_converter)
            except RuntimeError:
                await asyncio.sleep(0.1)


async def test_told_to_end_while_it_waits_for_temporal_it_ends(site: Site) -> None:
    site.address = f"127.0.0.1:{free_port()}"
    worker = await site.worker()
    await worker.says("waiting for Temporal")
    assert await worker.ends(signal.SIGINT) == 0

"""`plan`, `validate` and `start` say where the workers have another catalogue in force than the definitions folder."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.client import OrderClient
from operations.temporal.connection import server_address
from tests.cli.conftest import DEFINITIONS
from tests.support.command_line import NOBODY, Called, Ordo, call
from tests.support.workers.deployment import until
from tests.support.workers.gateway_worker import WorkerProcess

QUEUE = "cli-catalogue"
UNSET_VARIABLE = "kind: system\nid: unreachable\nbase_url: ${env.NOT_SET_ANYWHERE}\n"
NEW_OFFER = "kind: commercial_product\nid: brand_new\nquantity: one\nsteps: {check: {milestone: true}}\n"
ORDER = '{"id": "CAT-1", "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": "brand_new"}]}'


@pytest.fixture(scope="module")
async def worker_folder(temporal: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The definitions of a running worker."""
    tmp_path = tmp_path_factory.mktemp("worker")
    folder = tmp_path / "workers_definitions"
    shutil.copytree(DEFINITIONS, folder)
    (folder / "new.yaml").write_text(NEW_OFFER)
    worker = WorkerProcess(server_address(temporal.client), QUEUE, f"http://{NOBODY}", tmp_path / "worker.log", folder)
    try:
        await worker.ready()
        await until_reported(temporal, folder, refused=False)
        yield folder
    finally:
        worker.close()


async def until_reported(temporal: WorkflowEnvironment, folder: Path, *, refused: bool) -> None:
    orders = OrderClient(temporal.client, QUEUE)

    async def reported() -> bool:
        workers = await orders.read_worker_catalogues()
        return any(each.definitions == str(folder) and (each.refused is not None) == refused for each in workers)

    await until(reported)


@pytest.fixture
def ordo(temporal: WorkflowEnvironment) -> Ordo:
    return Ordo(server_address(temporal.client), QUEUE)


async def test_same_catalogue_needs_no_note(worker_folder: Path, ordo: Ordo) -> None:
    for command in (("plan", "-"), ("validate",), ("start", "-")):
        called = await ordo(*command, "--definitions", worker_folder, stdin=ORDER)
        assert (called.status, called.err) == (0, ""), command


async def test_other_catalogue_is_noted_and_the_answer_stays_the_same(
    worker_folder: Path, ordo: Ordo, tmp_path: Path
) -> None:
    folder = shutil.copytree(worker_folder, tmp_path / "mine")
    (folder / "new.yaml").write_text(NEW_OFFER + "name: My own\n")
    for command in (("plan", "-", "-o", "json"), ("validate", "-o", "json")):
        alone = await asyncio.to_thread(call, *command, "--definitions", folder, "--address", NOBODY, stdin=ORDER)
        called = await ordo(*command, "--definitions", folder, stdin=ORDER)
        assert (called.status, called.out, alone.err) == (alone.status, alone.out, "")
        assert f"in force; {folder} has version sha256:" in called.err
    started = await ordo("start", "-", "--definitions", folder, stdin=ORDER.replace("CAT-1", "CAT-2"))
    assert started.status == 0
    assert f"in force; {folder} has version sha256:" in started.err


async def test_refused_edit_is_noted_with_its_findings(
    worker_folder: Path, ordo: Ordo, temporal: WorkflowEnvironment
) -> None:
    (worker_folder / "more.yaml").write_text(UNSET_VARIABLE)
    await until_reported(temporal, worker_folder, refused=True)
    for number, command in enumerate((("plan", "-"), ("validate",), ("start", "-"))):
        order = ORDER.replace("CAT-1", f"CAT-3{number}")
        called = await ordo(*command, "--definitions", worker_folder, stdin=order)
        assert called.status == 0, called
        assert_refusal_is_noted(called, worker_folder)
    amended = await ordo("amend", "-", "--dry-run", stdin=ORDER.replace("CAT-1", "CAT-32"))
    unknown = await ordo("amend", "-", "--dry-run", stdin=ORDER.replace("CAT-1", "CAT-none"))
    for called in (amended, unknown, await ordo("list", "-o", "json"), await ordo("systems", "-o", "json")):
        assert_refusal_is_noted(called, worker_folder)
    (worker_folder / "more.yaml").unlink()
    await until_reported(temporal, worker_folder, refused=False)


def assert_refusal_is_noted(called: Called, folder: Path) -> None:
    assert f"The last edit of {folder} was refused" in called.err
    assert "the environment variable NOT_SET_ANYWHERE is not set" in called.err
    assert "NOT_SET_ANYWHERE" not in called.out


async def test_invalid_folder_is_noted(worker_folder: Path, ordo: Ordo, temporal: WorkflowEnvironment) -> None:
    (worker_folder / "more.yaml").write_text("kind: nothing\n")
    for command in (("plan", "-"), ("validate",)):
        called = await ordo(*command, "--definitions", worker_folder, stdin=ORDER)
        assert called.status == 1
        assert f"in force; {worker_folder} is invalid." in called.err
    (worker_folder / "more.yaml").unlink()
    await until_reported(temporal, worker_folder, refused=False)


async def test_definitions_that_are_not_the_catalogue_need_no_note(
    worker_folder: Path, ordo: Ordo, tmp_path: Path
) -> None:
    (tmp_path / "alone.yaml").write_text(NEW_OFFER)
    called = await ordo("validate", tmp_path / "alone.yaml", "--definitions", worker_folder)
    assert (called.status, called.err) == (0, "")


def test_server_that_never_answers_delays_no_longer_than_a_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        call("validate", "--address", address)  # imports Temporal's client
        began = time.monotonic()
        alone = call("validate", "--address", NOBODY)
        without_server = time.monotonic() - began
        called = call("validate", "--address", address)
        with_server = time.monotonic() - began - without_server
    assert (called.status, called.out, called.err) == (alone.status, alone.out, "")
    assert with_server - without_server < 2.0


@pytest.mark.parametrize("variable", ["TEMPORAL_ADDRESS", "TEMPORAL_CONFIG_FILE"])
async def test_server_is_found_as_temporals_own_tools_find_it(
    worker_folder: Path, temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    address = server_address(temporal.client)
    profile = tmp_path / "temporal.toml"
    profile.write_text(f'[profile.default]\naddress = "{address}"\n')
    monkeypatch.setenv(variable, address if variable == "TEMPORAL_ADDRESS" else str(profile))
    folder = shutil.copytree(worker_folder, tmp_path / "mine")
    (folder / "new.yaml").write_text(NEW_OFFER + "name: My own\n")
    called = await asyncio.to_thread(call, "validate", "--definitions", folder, "--task-queue", QUEUE)
    assert "in force" in called.err

"""`publish`, `versions` and `unpublish` on a real server: with scenarios, from one environment to another."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from cli.commands.publishing import publish
from cli.framework.errors import EXIT_TIMED_OUT
from compiler.catalogue_files import CatalogueFiles
from operations.temporal.connection import server_address
from tests.support.command_line import Called, Ordo, call
from tests.support.workers.deployment import until

OFFER = "kind: commercial_product\nid: {id}\nsteps: {{check: {{milestone: true}}}}\n"
SCENARIO = """kind: scenario
id: {id}
order: {{id: S-1, customer: {{id: C-1}}, lines: [{{id: "1", product: first}}]}}
expect: {{order: {state}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "offer.yaml").write_text(OFFER.format(id="first"))
    return folder


@pytest.fixture
def ordo(temporal: WorkflowEnvironment) -> Ordo:
    """On a task queue without workers."""
    return Ordo(server_address(temporal.client), f"cli-publish-{uuid4().hex[:8]}")


async def test_a_folder_is_published_listed_and_saved(ordo: Ordo, folder: Path, tmp_path: Path) -> None:
    published = await ordo("publish", folder, "--reason", "the first one", "--by", "ann")
    assert published.status == 0, published
    assert published.out.startswith("Version 1 (sha256:")
    assert "No worker runs. One that starts takes it." in published.out
    again = await ordo("publish", folder, "-m", "once more")
    assert again.status == 0
    assert "in force already, with the same files" in again.out
    listed = (await ordo("versions", "-o", "json")).json
    (version,) = listed["versions"]
    assert (version["number"], version["in_force"], version["by"], version["reason"]) == (
        1,
        True,
        "ann",
        "the first one",
    )
    assert version["digest"] == CatalogueFiles.read(folder).digest
    assert version["scenarios"] == {"passed": 0, "failed": []}
    assert "the first one" in (await ordo("versions")).out
    shown = await ordo("versions", "current", "--save", tmp_path / "saved")
    assert shown.status == 0
    assert CatalogueFiles.read(tmp_path / "saved") == CatalogueFiles.read(folder)
    assert "the first one" in (await ordo("versions", version["digest"][:10])).out
    refused = await ordo("versions", "1", "--save", tmp_path / "saved")
    assert (refused.status, "not an empty folder" in refused.err) == (2, True)


async def test_an_earlier_version_is_put_in_force_again_and_all_is_withdrawn(ordo: Ordo, folder: Path) -> None:
    await ordo("publish", folder, "--reason", "one")
    (folder / "offer.yaml").write_text(OFFER.format(id="second"))
    await ordo("publish", folder, "--reason", "two")
    back = await ordo("publish", "--version", "1", "--reason", "two was wrong")
    assert back.status == 0
    assert "Version 3 (" in back.out
    assert "instead of version 2" in back.out
    withdrawn = await ordo("unpublish", "--reason", "watch folders")
    assert "Version 3 is withdrawn: nothing is published any more." in withdrawn.out

    async def listed() -> list[dict[str, object]]:
        versions: list[dict[str, object]] = (await ordo("versions", "-o", "json")).json["versions"]
        return versions

    async def complete() -> bool:
        return len(await listed()) == 4

    await until(complete)
    versions = await listed()
    assert [each["number"] for each in versions] == [4, 3, 2, 1]
    assert [each["restores"] for each in versions] == [None, 1, None, None]
    assert not any(each["in_force"] for each in versions)
    assert "Nothing is published: workers read their own folders." in (await ordo("versions")).out
    assert (await ordo("versions", "4")).status == 1
    again = await ordo("unpublish", "--reason", "once more", "-o", "json")
    assert (again.status, again.json["outcome"]) == (0, "already")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("publish", "{folder}"), 2, "Missing option '--reason'"),
        (("publish", "{folder}", "--reason", " "), 2, "Say why with --reason"),
        (("publish", "{folder}", "--version", "1", "--reason", "x"), 2, "not both"),
        (("publish", "--version", "7", "--reason", "x"), 1, "There is no published version 7"),
        (("publish", "--version", "newest", "--reason", "x"), 1, "names no version"),
        (("publish", "nowhere", "--reason", "x"), 1, "there is no folder nowhere"),
        (("publish", "{folder}", "--reason", "x", "--environment", "a"), 2, "leave out --address"),
        (("versions", "--save", "there"), 2, "Say which version to save"),
        (("versions", "current"), 1, "Nothing is published"),
    ],
)
async def test_wrong_calls_are_told_what_to_do(
    ordo: Ordo, folder: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    called = await ordo(*(each.format(folder=folder) for each in arguments))
    assert called.status == status, called
    assert message in called.err
    assert "Traceback" not in called.err
    assert (await ordo("versions", "-o", "json")).json["versions"] == []


async def test_invalid_definitions_are_not_published(ordo: Ordo, folder: Path) -> None:
    (folder / "offer.yaml").write_text(OFFER.format(id="first") + "bogus: 1\n")
    called = await ordo("publish", folder, "--reason", "x")
    assert called.status == 1
    assert "offer.yaml:4:1" in called.err
    (folder / "offer.yaml").unlink()
    empty = await ordo("publish", folder, "--reason", "x")
    assert (empty.status, "nothing to publish" in empty.err) == (2, True)
    assert (await ordo("versions", "-o", "json")).json["versions"] == []


async def test_a_failing_scenario_keeps_the_folder_from_being_published(ordo: Ordo, folder: Path) -> None:
    (folder / "good.yaml").write_text(SCENARIO.format(id="good", state="completed"))
    (folder / "bad.yaml").write_text(SCENARIO.format(id="bad", state="cancelled"))
    refused = await ordo("publish", folder, "--reason", "x")
    assert refused.status == 1
    assert "1 of 2 scenarios failed, so nothing is published: bad" in refused.err
    assert "bad.yaml:2:5: scenario bad fails:" in refused.err
    assert (await ordo("versions", "-o", "json")).json["versions"] == []
    forced = await ordo("publish", folder, "--reason", "x", "--force")
    assert forced.status == 0
    assert "Scenarios: 1 passed, 1 failed (bad)." in forced.out
    (folder / "bad.yaml").write_text(SCENARIO.format(id="bad", state="cancelled") + "# skipped\n")
    skipped = await ordo("publish", folder, "--reason", "x", "--no-scenarios")
    assert skipped.status == 0
    (folder / "bad.yaml").unlink()
    assert "Scenarios: 1 passed." in (await ordo("publish", folder, "--reason", "x")).out

    async def complete() -> bool:
        found = (await ordo("versions", "-o", "json")).json["versions"]
        return [each["scenarios"] for each in found] == [
            {"passed": 1, "failed": []},
            None,
            {"passed": 1, "failed": ["bad"]},
        ]

    await until(complete)
    listed = (await ordo("versions")).out
    assert "scenarios not run" in listed
    assert "1 scenario failed" in listed


@pytest.fixture
async def environments(
    temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """The names of two profiles, each with a namespace of its own, and TEMPORAL_* variables that lead astray."""
    address = server_address(temporal.client)
    names = (f"test-{uuid4().hex[:8]}", f"production-{uuid4().hex[:8]}")
    for name in names:
        await _make_namespace(temporal.client, name)
    profiles = tmp_path / "temporal.toml"
    profiles.write_text("".join(f'[profile.{name}]\naddress = "{address}"\nnamespace = "{name}"\n' for name in names))
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(profiles))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "elsewhere")
    return names


async def _make_namespace(client: Client, name: str) -> None:
    retention = Duration()
    retention.FromTimedelta(timedelta(days=1))
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=retention)
    )

    async def usable() -> bool:
        try:
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
            connected = await Client.connect(server_address(client), namespace=name)
            await connected.count_workflows("WorkflowType = 'x'")
        except RPCError:
            return False
        return True

    await until(usable)


async def _ordo(*arguments: object) -> Called:
    return await asyncio.to_thread(call, *arguments)


async def test_the_same_version_goes_from_test_to_production(environments: tuple[str, str], folder: Path) -> None:
    test, production = environments
    (folder / "good.yaml").write_text(SCENARIO.format(id="good", state="completed"))
    first = await _ordo("publish", folder, "--environment", test, "--reason", "to try")
    assert first.status == 0, first
    assert f"is in force in {test}" in first.out
    digest = CatalogueFiles.read(folder).digest
    (folder / "offer.yaml").write_text(OFFER.format(id="unfinished"))
    promoted = await _ordo("publish", "--from", test, "--environment", production, "--reason", "accepted")
    assert promoted.status == 0, promoted
    (there,) = (await _ordo("versions", "--environment", production, "-o", "json")).json["versions"]
    (here,) = (await _ordo("versions", "--environment", test, "-o", "json")).json["versions"]
    assert there["digest"] == here["digest"] == digest
    assert there["version"] == here["version"]
    assert there["promoted_from"] == f"{test} 1"
    assert there["scenarios"] == {"passed": 1, "failed": []}
    assert f"from {test} 1" in (await _ordo("versions", "--environment", production)).out


async def test_a_version_whose_scenarios_never_ran_is_promoted_on_demand_only(
    environments: tuple[str, str], folder: Path
) -> None:
    test, production = environments
    assert (await _ordo("publish", folder, "--environment", test, "-m", "x", "--no-scenarios")).status == 0
    promote = ("publish", "--from", test, "--environment", production, "-m", "x")
    refused = await _ordo(*promote)
    assert refused.status == 1
    assert "were not run when it was published" in refused.err
    assert (await _ordo("versions", "--environment", production, "-o", "json")).json["versions"] == []
    assert (await _ordo(*promote, "--no-scenarios")).status == 0


async def test_one_folder_is_published_in_several_environments(environments: tuple[str, str], folder: Path) -> None:
    named = [part for name in environments for part in ("--environment", name)]
    called = await _ordo("publish", folder, *named, "-m", "x", "-o", "json")
    assert called.status == 0, called
    results = [json.loads(line) for line in called.out.splitlines()]
    assert [(each["environment"], each["number"]) for each in results] == [(name, 1) for name in environments]
    refused = await _ordo("publish", "--version", "1", *named, "-m", "x")
    assert (refused.status, "A number counts in one environment" in refused.err) == (2, True)


def test_the_exit_status_tells_of_late_workers_in_any_environment(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    statuses = iter([EXIT_TIMED_OUT, 0])

    async def last_number(_session: object) -> int:
        return 0

    monkeypatch.setattr(publish, "_last_number", last_number)
    monkeypatch.setattr(publish, "_read_folder", lambda *_arguments: None)
    monkeypatch.setattr(publish, "_publish", lambda *_arguments, **_options: next(statuses))
    called = call("publish", str(folder), "-m", "x", "--environment", "test", "--environment", "production")
    assert called.status == EXIT_TIMED_OUT
    assert next(statuses, None) is None  # production was published, too


@pytest.mark.usefixtures("environments")
async def test_an_unknown_environment_is_named(folder: Path) -> None:
    called = await _ordo("publish", folder, "--environment", "nowhere", "-m", "x")
    assert called.status == 1
    assert "'nowhere'" in called.err
    assert "Traceback" not in called.err

"""Which ledger the commands use that look after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from ledger.database import open_ledger
from operations.temporal.connection import server_address
from stack.data_folder import DataFolder
from tests.ledger.retention.ledger_orders import write_ended
from tests.support.command_line import NOBODY, Ordo, call
from tests.support.ledger.databases import migrate

CUSTOMER = "C-ledger-of-stack"
"""Other tests' orders in the same Temporal are of other customers."""


@pytest.fixture
def ordo(temporal: WorkflowEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ordo]:
    """In the folder in which a stack runs, whose ledger has an order of the customer."""
    monkeypatch.chdir(tmp_path)
    for name in ("ORDO_LEDGER_URL", "ORDO_LEDGER_URL_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder, address = DataFolder(tmp_path / ".ordo"), server_address(temporal.client)
    with folder.locked():
        folder.save_environment({"TEMPORAL_ADDRESS": address, "ORDO_LEDGER_URL": folder.ledger_url})
        engine = open_ledger(folder.ledger_url, create=True)
        migrate(engine.url)
        write_ended(engine, "HS-1", customer=CUSTOMER)
        engine.dispose()
        yield Ordo(address, "tests-ledger-of-stack")


async def test_every_command_finds_the_ledger_of_the_stack_that_runs_here(ordo: Ordo) -> None:
    answers = {
        command: await ordo(*command.split(), *more)
        for command, *more in [
            ("ledger status",),
            ("ledger migrate",),
            ("ledger hold HS-1 --reason court",),
            ("ledger holds",),
            ("ledger release HS-1",),
            ("ledger archive --dry-run", "--older-than", "1d"),
            ("ledger erasures",),
            ("erase --dry-run --customer", CUSTOMER),
            ("ledger check",),
        ]
    }
    errors = {command: answer.err for command, answer in answers.items() if answer.status != 0}
    assert errors == {}
    assert "court" in answers["ledger holds"].out
    assert "HS-1" in answers["erase --dry-run --customer"].out
    restored = await ordo("ledger", "restore", "HS-1")
    assert "Order HS-1 is not in the archive" in restored.err


async def test_an_order_that_cannot_be_compared_is_said(ordo: Ordo) -> None:
    forgotten = await ordo("ledger", "check", "--order", "HS-1")
    assert (forgotten.status, forgotten.out) == (1, "0 orders compared, no differences.\n")
    assert forgotten.err == "Order HS-1 was not compared: Temporal does not know it any more\n"
    unknown = await ordo("ledger", "check", "--order", "hs-1")
    assert (unknown.status, unknown.out) == (1, "")
    assert unknown.err.startswith("Error: There is no order hs-1\n")


@pytest.mark.usefixtures("ordo")
def test_the_stack_of_a_temporal_profile_is_found_too(
    temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server_address(temporal.client)
    profiles = Path("temporal.toml")
    profiles.write_text(f'[profile.here]\naddress = "{address}"\n')
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(profiles.absolute()))
    monkeypatch.setenv("TEMPORAL_PROFILE", "here")
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    answer = call("ledger", "holds")
    assert (answer.status, answer.out) == (0, "Nothing is under legal hold.\n")


@pytest.mark.parametrize("command", ["status", "holds", "erasures", "check"])
async def test_a_file_that_is_missing_is_said_and_not_made(ordo: Ordo, tmp_path: Path, command: str) -> None:
    missing = tmp_path / "missing" / "ledger.sqlite"
    missing.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORDO_LEDGER_URL", f"sqlite:///{missing}")
        answer = await ordo("ledger", command)
    assert answer.status != 0
    assert f"SQLite file {missing}) cannot be used: there is no such file" in answer.err
    assert list(missing.parent.iterdir()) == []


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The setting that names the ledger of a stack that has ended in this folder. Its Temporal is away."""
    monkeypatch.chdir(tmp_path)
    for name in ("ORDO_LEDGER_URL", "ORDO_LEDGER_URL_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = DataFolder(tmp_path / ".ordo")
    with folder.locked():
        folder.save_environment({"TEMPORAL_ADDRESS": NOBODY, "ORDO_LEDGER_URL": folder.ledger_url})
    engine = open_ledger(folder.ledger_url, create=True)
    migrate(engine.url)
    write_ended(engine, "HS-1")
    engine.dispose()
    return f"ORDO_LEDGER_URL={folder.ledger_url}"


NEEDS_A_LEDGER = [
    ("report", "shift"),
    ("report", "durations"),
    ("report", "sla"),
    ("report", "fallout"),
    ("export",),
    ("tasks", "--group"),
    ("fallout", "--group"),
    ("ledger", "status"),
]


@pytest.mark.parametrize("command", NEEDS_A_LEDGER, ids=" ".join)
def test_what_only_a_ledger_answers_names_the_one_that_a_stack_has_left(
    command: tuple[str, ...], left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = call(*command, "--address", NOBODY)
    assert (refused.status, refused.out) == (1, "")
    assert "configured" in refused.err.splitlines()[0]
    assert f"has left its ledger. To read it while the stack is not up, set {left}\n" in refused.err
    monkeypatch.setenv(*left.split("=", 1))
    assert call(*command, "--address", NOBODY).status == 0


@pytest.mark.parametrize("command", [("list",), ("show", "HS-1"), ("export", "HS-1")], ids=" ".join)
def test_what_a_ledger_answers_as_well_names_the_one_that_a_stack_has_left(
    command: tuple[str, ...], left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = call(*command, "--address", NOBODY)
    assert (refused.status, refused.out) == (3, "")
    assert f"can read the ledger that the stack here has left: set {left}\n" in refused.err
    monkeypatch.setenv(*left.split("=", 1))
    answered = call(*command, "--address", NOBODY)
    assert (answered.status, "HS-1" in answered.out) == (0, True)


def test_without_any_ledger_a_report_says_so_and_not_that_temporal_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORDO_LEDGER_URL", raising=False)
    refused = call("report", "shift", "--address", NOBODY)
    assert refused.status == 1
    assert refused.err.startswith("Error: Only a ledger can report, and none is configured here (`ORDO_LEDGER_URL`)\n")
    assert "`up` and `demo` have a ledger" in refused.err

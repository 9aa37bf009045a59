"""`up` as a person meets it: on real processes, with real orders."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.docs import readme
from tests.support.started_stack import LONGEST, STARTER, Up, free_ports, port_flags, processes_with
from workflows.contract.states import OrderState

SELF_INSTALL = "HS-1002"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Started once; its definitions are a copy that may be added to."""
    running = Up(readme.copied(tmp_path_factory.mktemp("up")), free_ports(), SANDBOX_DELAY_DELIVERY="3")
    try:
        yield running.ready()
    finally:
        running.close()


def test_it_says_where_everything_is(up: Up) -> None:
    said = "".join(up.said)
    for _, _, port in up.ports.described():
        assert str(port) in said
    assert f"--address {up.address}" in said


def test_it_says_how_commands_find_the_ledger_in_a_folder_of_its_own(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = f"ORDO_LEDGER_URL=sqlite:///{up.folder}/data/ledger.sqlite"
    assert f"{setting}  (set this, so that commands find it)\n" in "".join(up.said)
    unset = up.starter("ledger", "status")
    assert unset.returncode == 1
    assert "If it runs with another --data DIR, set ORDO_LEDGER_URL=sqlite:///DIR/ledger.sqlite" in unset.stderr
    monkeypatch.setenv(*setting.split("=", 1))
    found = up.starter("ledger", "status")
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_readmes_offer_runs_without_a_restart(up: Up) -> None:
    readme.save_files(up.folder)
    for words in readme.commands():
        done = up.starter(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    shown = up.starter("show", "CR-1", "-o", "json")
    assert '"completed"' in shown.stdout


def test_refused_edit_is_reported_until_it_is_fixed(up: Up) -> None:
    unset = up.folder / "definitions" / "unset.yaml"
    unset.write_text("kind: system\nid: unset\nbase_url: ${env.NOT_SET_ANYWHERE}\n")
    refused = up.until_said("is refused; catalogue version sha256:")
    assert str(up.folder / "definitions") in refused
    up.until_said("  system unset: the environment variable NOT_SET_ANYWHERE is not set")
    (worker,) = set(processes_with("worker")) & set(processes_with(up.address))
    os.kill(worker, signal.SIGTERM)
    up.until_said("The worker runs again")
    unset.unlink()
    up.until_said("is good again; catalogue version sha256:")


async def test_an_order_completes_though_the_server_is_killed_while_it_waits(up: Up) -> None:
    started = up.starter("start", "orders/home_security_self_install.yaml")
    assert started.returncode == 0, started.stdout + started.stderr
    (server,) = set(processes_with("start-dev")) & set(processes_with(str(up.ports.temporal)))
    os.kill(server, signal.SIGKILL)
    up.until_said("Temporal died (killed by SIGKILL); starting it again")
    up.until_said("Temporal runs again")
    orders = await up.orders()
    assert (await orders.wait_until_ended(SELF_INSTALL, timeout=LONGEST)).state is OrderState.COMPLETED


def test_ports_that_are_taken_are_named_with_their_flags(up: Up, tmp_path: Path) -> None:
    refused = subprocess.run(
        [*STARTER, "up", "--data", str(tmp_path), *port_flags(up.ports)], capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1
    for _, flag, port in up.ports.described():
        assert f"Port {port}, for" in refused.stderr
        assert flag in refused.stderr
    assert "Traceback" not in refused.stderr


def test_free_ports_replace_those_that_are_taken(up: Up, tmp_path: Path) -> None:
    other = Up(readme.copied(tmp_path), up.ports, more=("--free-ports",))
    try:
        other.ready()
        assert str(up.ports.gateway) not in "".join(other.said)
    finally:
        other.close()


def test_ctrl_c_ends_all_of_it_and_the_next_start_goes_on_with_the_same_data(tmp_path: Path) -> None:
    folder = readme.copied(tmp_path)
    first = Up(folder, free_ports()).ready()
    try:
        started = first.starter("start", "orders/home_security_self_install.yaml")
        assert started.returncode == 0, started.stdout + started.stderr
    finally:
        first.close()
    assert first.process.returncode == 0
    first.until_said("Ended.")
    first.until_said(f"not up, set ORDO_LEDGER_URL=sqlite:///{folder}/data/ledger.sqlite")
    assert first.left() == []
    second = Up(folder, first.ports).ready()
    try:
        done = second.starter("watch", SELF_INSTALL)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        second.close()
    assert first.environment() == second.environment()
    assert second.left() == []


def test_next_start_with_refused_definitions_goes_on_with_the_last_good_ones(tmp_path: Path) -> None:
    folder = readme.copied(tmp_path)
    first = Up(folder, free_ports()).ready()
    first.close()
    with (folder / "definitions" / "technical" / "alarm_hub.yaml").open("a") as file:
        file.write("  bogus: 1\n")
    second = Up(folder, first.ports).ready()
    try:
        second.until_said("is refused; catalogue version sha256:")
        second.until_said("alarm_hub.yaml:")
        done = second.starter("start", "orders/monitoring_app.json", "--wait")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "was refused" in done.stderr
    finally:
        second.close()


def test_a_catalogue_that_is_not_valid_is_said_to_be_so(tmp_path: Path) -> None:
    folder = readme.copied(tmp_path)
    (folder / "definitions" / "offers" / "broken.yaml").write_text(
        "kind: commercial_product\nid: broken\ncolour: red\n"
    )
    command = [*STARTER, "up", "--data", str(tmp_path / "data"), *port_flags(free_ports())]
    refused = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST)
    assert refused.returncode == 1
    assert "broken.yaml:3" in refused.stderr
    assert "Traceback" not in refused.stderr

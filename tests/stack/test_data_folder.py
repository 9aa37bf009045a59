"""The stack's folder: secrets that stay and are nobody else's, one stack at a time; ports that are said to be taken."""

from __future__ import annotations

import shlex
import socket
import subprocess
from pathlib import Path

import pytest

from ledger.database import parse_ledger_url
from stack.data_folder import SECRET_NAMES, DataFolder
from stack.errors import StackError
from stack.options import HOST, Ports, free_port


def test_secrets_are_made_up_once_and_stay(tmp_path: Path) -> None:
    first = DataFolder(tmp_path).load_secrets()
    DataFolder(tmp_path).save_environment(first | {"INVENTORY_URL": "http://127.0.0.1:1/inventory"})
    assert DataFolder(tmp_path).load_secrets() == first
    assert first.keys() == set(SECRET_NAMES)
    assert len(set(first.values())) == len(SECRET_NAMES)


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "new")
    with folder.locked():
        folder.save_environment(folder.load_secrets())
        folder.save_environment(folder.load_secrets())
    assert folder.environment_file.stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_what_was_saved_is_read_back_and_a_shell_reads_it_too(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "with blanks & signs")
    folder.path.mkdir()
    folder.save_environment({"ORDO_LEDGER_URL": folder.ledger_url, "OTHER": "a b'c#$d"})
    assert folder.saved_environment() == {"ORDO_LEDGER_URL": folder.ledger_url, "OTHER": "a b'c#$d"}
    script = f'. {shlex.quote(str(folder.environment_file))}; printf %s "$OTHER"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "a b'c#$d"


def test_the_ledgers_url_leads_to_its_file(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "50% of all?")
    assert parse_ledger_url(folder.ledger_url).database == str(folder.ledger)


def test_a_folder_is_in_use_while_a_stack_runs_on_it(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    assert not folder.is_in_use()
    with folder.locked():
        assert folder.is_in_use()
    assert not folder.is_in_use()


def test_one_stack_at_a_time_has_a_folder(tmp_path: Path) -> None:
    held, refused = DataFolder(tmp_path), pytest.raises(StackError, match=r"runs on .* already")
    with held.locked(), refused, DataFolder(tmp_path).locked():
        pass
    with DataFolder(tmp_path).locked():
        pass


def test_a_folder_that_cannot_be_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"cannot be used.*--data"), DataFolder(tmp_path / "file" / "below").locked():
        pass


def test_every_port_that_is_taken_is_named_with_its_flag() -> None:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind((HOST, 0))
            each.listen()
        ports = Ports(one.getsockname()[1], free_port(), other.getsockname()[1], free_port(), free_port())
        with pytest.raises(StackError) as refused:
            ports.check_free()
        assert f"Port {ports.temporal}, for Temporal, is taken: choose another with --temporal-port" in str(
            refused.value
        )
        assert f"Port {ports.gateway}, for the gateway, is taken: choose another with --gateway-port" in str(
            refused.value
        )
        assert "--ui-port" not in str(refused.value)
        elsewhere = ports.with_free_ports()
    assert elsewhere.ui == ports.ui
    assert elsewhere.temporal != ports.temporal
    elsewhere.check_free()

"""How the command line finds the ledger of `up`: by the address that it serves, while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.data_folder import DataFolder
from stack.ledger_discovery import ledger_of_ended_stack, ledger_of_running_stack, needed_setting


def _folder(path: Path, address: str) -> DataFolder:
    folder = DataFolder(path)
    folder.path.mkdir(parents=True)
    folder.save_environment({"TEMPORAL_ADDRESS": address, "ORDO_LEDGER_URL": folder.ledger_url})
    return folder


def test_a_running_stack_is_found_by_the_address_that_it_serves(tmp_path: Path) -> None:
    up, demo = _folder(tmp_path / "up", "127.0.0.1:7233"), _folder(tmp_path / "demo", "127.0.0.1:9999")
    folders = [tmp_path / "none", up.path, demo.path]
    with up.locked(), demo.locked():
        assert ledger_of_running_stack("localhost:7233", folders) == up.ledger_url
        assert ledger_of_running_stack("127.0.0.1:9999", folders) == demo.ledger_url
        assert ledger_of_running_stack("temporal.example:7233", folders) is None


def test_a_stack_that_has_ended_has_no_say(tmp_path: Path) -> None:
    ended, running = _folder(tmp_path / "up", "127.0.0.1:7233"), _folder(tmp_path / "demo", "127.0.0.1:7233")
    with running.locked():
        assert ledger_of_running_stack("localhost:7233", [ended.path, running.path]) == running.ledger_url
    assert ledger_of_running_stack("localhost:7233", [ended.path, running.path]) is None


def test_the_ledger_that_a_stack_has_left_is_found(tmp_path: Path) -> None:
    ended = _folder(tmp_path / "up", "127.0.0.1:7233")
    folders = [tmp_path / "none", ended.path]
    assert ledger_of_ended_stack(None, folders) is None, "it never had one"
    ended.ledger.touch()
    assert ledger_of_ended_stack(None, folders) == ended.ledger_url
    assert ledger_of_ended_stack("localhost:7233", folders) == ended.ledger_url
    assert ledger_of_ended_stack("localhost:7234", folders) is None
    with ended.locked():
        assert ledger_of_ended_stack(None, folders) is None


def test_without_a_stack_there_is_no_ledger(tmp_path: Path) -> None:
    assert ledger_of_running_stack("localhost:7233", [tmp_path]) is None


@pytest.mark.parametrize("path", [".ordo", ".ordo/demo", "other/../.ordo"])
def test_commands_find_the_ledger_in_the_usual_folders(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    assert needed_setting(DataFolder(Path(path))) is None


@pytest.mark.parametrize("path", ["data", ".ordo/other", "my data"])
def test_the_ledger_in_another_folder_needs_a_setting(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    setting = needed_setting(DataFolder(Path(path)))
    assert setting == f"ORDO_LEDGER_URL=sqlite:///{tmp_path}/{path.replace(' ', '%20')}/ledger.sqlite"

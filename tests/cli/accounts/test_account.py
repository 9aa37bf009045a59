"""`account …`: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.access.accounts_file import read_accounts
from tests.support.command_line import call


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "accounts.yaml"
    monkeypatch.setenv("ORDO_ACCOUNTS_FILE", str(path))
    return path


def test_add_prints_the_token_and_the_file_does_not_have_it(file: Path) -> None:
    called = call("account", "add", "ann", "--role", "operator", "--queue", "field", "--role", "viewer")
    assert called.status == 0, called
    token = called.out.strip()
    assert token.startswith("ordo_")
    assert "only now" in called.err
    assert token not in file.read_text()
    assert token.split("_", 2)[2] not in file.read_text()
    account = read_accounts(file).accounts["ann"]
    assert ([*account.roles], account.queues) == (["operator", "viewer"], ["field"])


def test_rotate_and_revoke_change_how_tokens_stand(file: Path) -> None:  # noqa: ARG001
    first = call("account", "add", "ann", "--role", "viewer", "-o", "json").json
    second = call("account", "rotate", "ann", "--overlap", "0s", "--expires", "90d", "-o", "json").json
    assert first["token"] != second["token"]
    (account,) = call("account", "list", "-o", "json").json["accounts"]
    assert {each["id"]: each["state"] for each in account["tokens"]} == {
        first["token_id"]: "expired",
        second["token_id"]: "valid",
    }
    assert call("account", "revoke", "ann", "-o", "json").json["revoked"] == [second["token_id"]]
    assert "nothing is changed" in call("account", "revoke", "ann").out
    assert "revoked" in call("account", "list").out


def test_remove_and_an_empty_list(file: Path) -> None:  # noqa: ARG001
    call("account", "add", "ann", "--role", "viewer")
    assert "ann is removed" in call("account", "remove", "ann").out
    assert "account add" in call("account", "list").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "Ann B", "--role", "viewer"], "is no name of an account"),
        (["add", "ann", "--role", "viewer"], "There is an account ann already"),
        (["add", "bob", "--role", "viewer", "--queue", "x"], "needs the role `operator`"),
        (["add", "bob", "--role", "viewer", "--expires", "2020-01-01"], "would have expired already"),
        (["rotate", "bob"], "There is no account bob"),
        (["revoke", "bob"], "There is no account bob"),
        (["revoke", "ann", "nosuchid"], "Account ann has no token `nosuchid`"),
        (["remove", "bob"], "There is no account bob"),
    ],
)
def test_a_refusal_says_why_and_changes_nothing(file: Path, arguments: list[str], message: str) -> None:
    call("account", "add", "ann", "--role", "viewer")
    before = file.read_bytes()
    called = call("account", *arguments)
    assert called.status == 1
    assert message in called.err
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "bob", "--role", "king"], "is not one of"),
        (["add", "bob", "--role", "viewer", "--expires", "soon"], "--expires: `soon` is neither"),
        (["rotate", "ann", "--overlap", "soon"], "--overlap: "),
    ],
)
def test_wrong_usage(file: Path, arguments: list[str], message: str) -> None:
    called = call("account", *arguments)
    assert called.status == 2
    assert message in called.err
    assert not file.exists()


def test_without_a_file_the_message_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDO_ACCOUNTS_FILE", raising=False)
    called = call("account", "list")
    assert called.status == 2
    assert "set ORDO_ACCOUNTS_FILE, or give --file FILE" in called.err


def test_a_broken_file_is_left_as_it_is_and_its_mistakes_are_listed(file: Path) -> None:
    file.write_text("accounts:\n  ann:\n    roles: [king]\n")
    called = call("account", "add", "bob", "--role", "viewer")
    assert called.status == 1
    assert f"{file}:3:13: " in called.err
    assert file.read_text().endswith("[king]\n")


def test_a_file_that_cannot_be_written_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    called = call("account", "add", "bob", "--role", "viewer", "--file", tmp_path)
    assert called.status == 1
    assert "Traceback" not in called.err
    assert str(tmp_path) in called.err

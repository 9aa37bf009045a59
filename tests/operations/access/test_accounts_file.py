"""The accounts file: what is read, what is refused and where, and how it is replaced."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations.access.account_changes import add_account
from operations.access.accounts import Account, Accounts
from operations.access.accounts_file import AccountsRejected, changing_accounts, parse_accounts, read_accounts
from operations.access.roles import Role

HASH = "sha256:" + "a" * 64
NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
GOOD = f"""\
accounts:
  ann@example.com:
    roles: [operator]
    queues: [field_service]
    tokens:
      abcd2345:
        hash: {HASH}
        created: 2026-12-01T08:00:00Z
        expires: 2027-03-01T08:00:00+01:00
"""


def problems(text: str | bytes) -> list[tuple[int, int, str]]:
    with pytest.raises(AccountsRejected) as refused:
        parse_accounts(text.encode() if isinstance(text, str) else text, "accounts.yaml")
    assert {finding.file for finding in refused.value.findings} == {"accounts.yaml"}
    return [(finding.line, finding.column, finding.message) for finding in refused.value.findings]


def test_a_good_file_is_read() -> None:
    accounts = parse_accounts(GOOD.encode(), "accounts.yaml")
    account = accounts.accounts["ann@example.com"]
    assert (account.roles, account.queues) == ([Role.OPERATOR], ["field_service"])
    assert account.tokens["abcd2345"].created == NOW
    assert HASH not in repr(accounts)


@pytest.mark.parametrize("text", [b"", b"# nothing yet\n", b"accounts: {}\n"])
def test_a_file_without_accounts_is_no_error(text: bytes) -> None:
    assert parse_accounts(text, "accounts.yaml").accounts == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "message"),
    [
        ("[operator]", "[operater]", 3, 13, "did you mean `operator`"),
        ("[operator]", "[]", 3, 12, "must not be empty"),
        ("[operator]", "[viewer]", 3, 5, "`queues` limit what an operator may act on"),
        ("queues:", "queue:", 4, 5, "there is no key `queue` here"),
        ("ann@example.com", "Ann", 2, 3, "is no name of an account"),
        ("ann@example.com", "gateway", 2, 3, "is the account of ORDO_GATEWAY_TOKEN"),
        ("abcd2345", "abc", 6, 7, "is no id of a token"),
        (HASH, "secret", 7, 15, "must be `sha256:` and 64 hexadecimal digits"),
        ("2026-12-01T08:00:00Z", "yesterday", 8, 18, "must be a date and time"),
        ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00", 8, 18, "timezone"),
        ("2026-12-01T08:00:00Z", "17", 8, 18, "must be a date and time"),
    ],
)
def test_a_mistake_is_found_with_its_place(old: str, new: str, line: int, column: int, message: str) -> None:
    found = problems(GOOD.replace(old, new))
    assert any((at, where) == (line, column) and message in text for at, where, text in found), found


def test_a_hash_never_shows_in_a_message() -> None:
    secret = "sha256:" + "f" * 63
    assert all(secret not in message for _, _, message in problems(GOOD.replace(HASH, secret)))


@pytest.mark.parametrize("text", [b"accounts: [", b"\xff", b"accounts: {}\n---\naccounts: {}\n", b"- a\n", b"\0"])
def test_what_is_no_accounts_file_gives_findings(text: bytes) -> None:
    assert problems(text)


def test_an_account_given_twice_is_found() -> None:
    assert problems(GOOD + GOOD.split("\n", 1)[1])[0][0] == 10


def test_a_token_id_of_two_accounts_is_found_at_the_second() -> None:
    second = GOOD.split("\n", 1)[1].replace("ann@example.com", "bob")
    ((line, column, message),) = problems(GOOD + second)
    assert (line, column) == (14, 7)
    assert "account `ann@example.com` has a token `abcd2345` already" in message


def test_a_new_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "conf" / "accounts.yaml"
    with changing_accounts(path) as change:
        change.save(add_account(change.accounts, "ann", [Role.ADMIN], [], NOW).accounts)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [*read_accounts(path).accounts] == ["ann"]
    assert [each.name for each in path.parent.iterdir()] == ["accounts.yaml"]


def test_a_change_keeps_comments_on_top_the_group_and_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "accounts.yaml"
    real.write_text("# Ask Kim before you add an admin.\n\n" + GOOD)
    real.chmod(0o640)
    link.symlink_to(real)
    with changing_accounts(link) as change:
        change.save(add_account(change.accounts, "bob", [Role.VIEWER], [], NOW).accounts)
    assert link.is_symlink()
    assert real.read_text().startswith("# Ask Kim before you add an admin.\n\naccounts:\n")
    assert real.stat().st_mode & 0o777 == 0o640
    assert [*read_accounts(link).accounts] == ["ann@example.com", "bob"]


def test_a_broken_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text("accounts: [")
    with pytest.raises(AccountsRejected), changing_accounts(path):
        raise AssertionError("there is nothing to change")
    assert path.read_text() == "accounts: ["


def test_changes_at_the_same_time_do_not_lose_each_other(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"

    def add(number: int) -> None:
        with changing_accounts(path) as change:
            change.save(add_account(change.accounts, f"user{number}", [Role.VIEWER], [], NOW).accounts)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_accounts(path).accounts) == {f"user{number}" for number in range(20)}


@pytest.mark.parametrize("queue", ["<script>alert(1)</script>", "\u202egnipool", "x" * 200, "a: b", "'", "#", "*x"])
def test_hostile_queue_names_survive_a_write(tmp_path: Path, queue: str) -> None:
    path = tmp_path / "accounts.yaml"
    accounts = Accounts(accounts={"ann": Account(roles=[Role.OPERATOR], queues=[queue])})
    with changing_accounts(path) as change:
        change.save(accounts)
    assert read_accounts(path) == accounts

"""From a token to a person: rotation with overlap, expiry, revocation, a file that changes or breaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compiler.source.findings import Finding
from operations.access.account_changes import Issued, add_account, remove_account, revoke_tokens, rotate_token
from operations.access.accounts import SHARED_TOKEN_ACCOUNT, Accounts
from operations.access.accounts_file import AccountsRejected, changing_accounts
from operations.access.failed_sign_ins import WINDOW_SECONDS, FailedSignIns
from operations.access.live_accounts import LiveAccounts
from operations.access.roles import Role
from operations.access.sign_in import SignIn, SignInProblem, SignInRefused
from operations.access.tokens import create_token, token_id_of
from operations.errors import OperationRefused

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)


class Site:
    """An accounts file, and a running program that reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refused: list[list[Finding]] = []
        self.read: list[int] = []
        self.save(Accounts())
        self.sign_in = SignIn(LiveAccounts(path, self.refused.append, self.read.append), "the-shared-token")

    def save(self, accounts: Accounts) -> None:
        with changing_accounts(self.path) as change:
            change.save(accounts)

    def issue(self, issued: Issued) -> str:
        self.save(issued.accounts)
        return issued.token

    def outcome(self, token: str, now: datetime = NOW) -> str:
        try:
            return self.sign_in.person(token, now).account
        except SignInRefused as refused:
            return refused.problem


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "accounts.yaml")


def test_a_token_is_the_account_with_its_roles(site: Site) -> None:
    token = site.issue(add_account(Accounts(), "ann", [Role.OPERATOR], ["billing"], NOW))
    person = site.sign_in.person(token, NOW)
    assert (person.account, person.roles, person.queues) == ("ann", frozenset({Role.OPERATOR}), frozenset({"billing"}))


def test_the_shared_token_is_an_admin(site: Site) -> None:
    person = site.sign_in.person("the-shared-token")
    assert (person.account, person.roles) == (SHARED_TOKEN_ACCOUNT, frozenset({Role.ADMIN}))


def test_without_a_shared_token_no_text_is_it() -> None:
    with pytest.raises(SignInRefused):
        SignIn(None, "").person("")
    with pytest.raises(SignInRefused):
        SignIn(None, "").person("x")


def test_a_shared_token_that_can_be_guessed_does_not_count_after_too_many_guesses() -> None:
    assert SignIn(None, "short").person("short").account == SHARED_TOKEN_ACCOUNT
    with pytest.raises(SignInRefused):
        SignIn(None, "short").person("short", is_closed=True)
    long = "a-token-of-more-characters"
    assert SignIn(None, long).person(long, is_closed=True).account == SHARED_TOKEN_ACCOUNT


def test_rotation_overlaps(site: Site) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW)
    old = site.issue(added)
    new = site.issue(rotate_token(added.accounts, "ann", NOW, DAY))
    assert (site.outcome(old), site.outcome(new)) == ("ann", "ann")
    assert site.outcome(old, NOW + DAY) == SignInProblem.EXPIRED
    assert site.outcome(new, NOW + DAY) == "ann"


def test_rotation_never_prolongs_a_token(site: Site) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW, expires=NOW + DAY / 2)
    old = site.issue(added)
    site.issue(rotate_token(added.accounts, "ann", NOW, DAY))
    assert site.outcome(old, NOW + DAY / 2) == SignInProblem.EXPIRED


def test_rotation_without_overlap_ends_the_tokens_before(site: Site) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW)
    old = site.issue(added)
    site.issue(rotate_token(added.accounts, "ann", NOW, timedelta(0)))
    assert site.outcome(old) == SignInProblem.EXPIRED


def test_revocation_counts_at_once_for_one_token_or_for_all(site: Site) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW)
    first = site.issue(added)
    rotated = rotate_token(added.accounts, "ann", NOW, DAY)
    second = site.issue(rotated)
    accounts, ended = revoke_tokens(rotated.accounts, "ann", NOW, added.token_id)
    site.save(accounts)
    assert ended == [added.token_id]
    assert (site.outcome(first), site.outcome(second)) == (SignInProblem.REVOKED, "ann")
    accounts, ended = revoke_tokens(accounts, "ann", NOW)
    site.save(accounts)
    assert ended == [rotated.token_id]
    assert site.outcome(second) == SignInProblem.REVOKED


def test_a_removed_account_is_unknown(site: Site) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW)
    token = site.issue(added)
    site.save(remove_account(added.accounts, "ann"))
    assert site.outcome(token) == SignInProblem.WRONG


def test_a_token_of_another_account_with_the_id_of_this_one_is_wrong(site: Site) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW)
    site.issue(added)
    forged = create_token().text
    forged = forged.replace(token_id_of(forged) or "", added.token_id)
    assert token_id_of(forged) == added.token_id
    assert site.outcome(forged) == SignInProblem.WRONG


@pytest.mark.parametrize(
    "token", ["x", "ordo_", "ordo_abcd2345_", "\udcff", "ordo_abcd2345_" + "é" * 43, "a" * 100_000]
)
def test_hostile_tokens_are_wrong(site: Site, token: str) -> None:
    assert site.outcome(token) == SignInProblem.WRONG


def test_a_refusal_names_only_tokens_that_were_valid_once(site: Site) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW, expires=NOW + DAY)
    token = site.issue(added)
    with pytest.raises(SignInRefused) as refused:
        site.sign_in.person(token, NOW + DAY)
    assert (refused.value.account, refused.value.token_id) == ("ann", added.token_id)
    with pytest.raises(SignInRefused) as refused:
        site.sign_in.person(create_token().text, NOW)
    assert (refused.value.account, refused.value.token_id) == (None, None)


@pytest.mark.parametrize("content", [b"accounts: [", b"accounts: {ann: {}}", b"\xff"])
def test_a_broken_change_keeps_the_last_good_accounts(site: Site, content: bytes) -> None:
    added = add_account(Accounts(), "ann", [Role.VIEWER], [], NOW)
    token = site.issue(added)
    assert site.outcome(token) == "ann"
    site.path.write_bytes(content)
    assert (site.outcome(token), site.outcome(token)) == ("ann", "ann")
    assert len(site.refused) == 1
    assert all(finding.line for finding in site.refused[0])
    site.path.write_text("accounts: {}\n")
    assert site.outcome(token) == SignInProblem.WRONG


def test_a_file_that_disappears_keeps_the_last_good_accounts(site: Site) -> None:
    token = site.issue(add_account(Accounts(), "ann", [Role.VIEWER], [], NOW))
    assert site.outcome(token) == "ann"
    site.path.unlink()
    assert (site.outcome(token), site.outcome(token)) == ("ann", "ann")
    assert [each.code for each in site.refused[0]] == ["file-unreadable"]
    assert len(site.refused) == 1


def test_a_program_does_not_start_with_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text("accounts: {ann: {}}")
    with pytest.raises(AccountsRejected):
        LiveAccounts(path, print, print)


@pytest.mark.parametrize("name", ["", "Ann", "a b", "portal for ann", "<script>", "ann\n", "\u202eann", "a" * 65, "é"])
def test_hostile_account_names_are_refused(name: str) -> None:
    with pytest.raises(OperationRefused, match="is no name of an account"):
        add_account(Accounts(), name, [Role.VIEWER], [], NOW)


def test_wrong_tokens_close_an_address_for_a_while_and_no_other() -> None:
    now = 1000.0
    failed = FailedSignIns(max_failures=3, clock=lambda: now)
    for _ in range(3):
        assert failed.seconds_to_wait("10.0.0.1") == 0
        failed.record("10.0.0.1")
    assert failed.seconds_to_wait("10.0.0.1") == WINDOW_SECONDS
    assert failed.seconds_to_wait("10.0.0.2") == 0
    now += WINDOW_SECONDS
    assert failed.seconds_to_wait("10.0.0.1") == 0
    failed.record("10.0.0.1")
    assert failed.seconds_to_wait("10.0.0.1") == 0


def test_addresses_of_one_ipv6_network_count_together() -> None:
    failed = FailedSignIns(max_failures=2)
    failed.record("2001:db8::1")
    failed.record("2001:db8::ffff")
    assert failed.seconds_to_wait("2001:db8::2") > 0
    assert failed.seconds_to_wait("2001:db8:0:1::2") == 0
    assert failed.seconds_to_wait("no address") == 0


def test_the_memory_of_failed_sign_ins_is_bounded() -> None:
    failed = FailedSignIns(max_failures=1, max_addresses=100)
    for number in range(1000):
        failed.record(f"10.0.{number // 256}.{number % 256}")
    assert len(failed) == 100
    assert failed.seconds_to_wait("10.0.3.231") > 0
    assert failed.seconds_to_wait("10.0.0.0") == 0

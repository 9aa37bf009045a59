"""The accounts and links that `up` makes: valid, the same from start to start, and for their owner only."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations.access.account_changes import add_account, remove_account, revoke_tokens
from operations.access.accounts_file import changing_accounts
from operations.access.live_accounts import LiveAccounts
from operations.access.roles import Role
from operations.access.sign_in import SignIn
from stack.console_sign_in import LINK_ROLES, prepare_accounts, read_tokens, sign_in_links
from stack.data_folder import DataFolder
from stack.errors import StackError


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


def roles_of(folder: DataFolder) -> dict[Role, frozenset[Role]]:
    """What each kept token allows."""
    sign_in = SignIn(LiveAccounts(folder.accounts, lambda _: None, lambda _: None))
    return {role: sign_in.person(token).roles for role, token in read_tokens(folder).items()}


def test_each_role_of_people_has_a_link(folder: DataFolder) -> None:
    assert read_tokens(folder) == {}
    prepare_accounts(folder)
    assert roles_of(folder) == {role: frozenset({role}) for role in LINK_ROLES}
    tokens = read_tokens(folder)
    links = sign_in_links("http://127.0.0.1:8070", tokens)
    assert links[Role.VIEWER] == f"http://127.0.0.1:8070/sign-in#token={tokens[Role.VIEWER]}"


def test_tokens_are_for_their_owner_only_and_not_in_the_accounts(folder: DataFolder) -> None:
    prepare_accounts(folder)
    assert folder.console_tokens.stat().st_mode & 0o777 == 0o600
    accounts = folder.accounts.read_text()
    assert not any(token in accounts for token in read_tokens(folder).values())


def test_links_stay_the_same_from_start_to_start(folder: DataFolder) -> None:
    prepare_accounts(folder)
    before = read_tokens(folder), folder.accounts.read_text()
    prepare_accounts(folder)
    assert (read_tokens(folder), folder.accounts.read_text()) == before


def test_a_link_whose_token_or_account_is_gone_is_made_anew(folder: DataFolder) -> None:
    prepare_accounts(folder)
    before = read_tokens(folder)
    with changing_accounts(folder.accounts) as change:
        accounts, _ = revoke_tokens(change.accounts, "viewer", datetime.now(UTC))
        change.save(remove_account(accounts, "publisher"))
    prepare_accounts(folder)
    after = read_tokens(folder)
    assert {role for role in LINK_ROLES if after[role] != before[role]} == {Role.VIEWER, Role.PUBLISHER}
    assert roles_of(folder) == {role: frozenset({role}) for role in LINK_ROLES}


def test_accounts_of_the_persons_own_stay(folder: DataFolder) -> None:
    with changing_accounts(folder.accounts) as change:
        issued = add_account(change.accounts, "ann", [Role.ADMIN], [], datetime.now(UTC))
        change.save(issued.accounts)
    prepare_accounts(folder)
    sign_in = SignIn(LiveAccounts(folder.accounts, lambda _: None, lambda _: None))
    assert sign_in.person(issued.token).account == "ann"


def test_a_lost_or_broken_file_of_tokens_is_made_anew(folder: DataFolder) -> None:
    for content in ("", "{", "[]", '{"king": "x"}'):
        folder.console_tokens.write_text(content)
        prepare_accounts(folder)
        assert roles_of(folder).keys() == set(LINK_ROLES)


def test_accounts_that_cannot_be_read_are_said_to_be_so(folder: DataFolder) -> None:
    folder.accounts.write_text("accounts: [\n")
    with pytest.raises(StackError, match=r"accounts\.yaml cannot be used"):
        prepare_accounts(folder)

"""Changes of accounts: adding one, rotating, revoking and removing. Pure: the result is the new file's content."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from operations.access.accounts import Account, Accounts, TokenRecord, TokenState, name_problem
from operations.access.roles import Role
from operations.access.tokens import create_token
from operations.errors import OperationRefused
from workflows.contract.order_messages import RefusalCode


class Issued(NamedTuple):
    accounts: Accounts
    token_id: str
    token: str
    """It is not kept: show it now."""


def add_account(
    accounts: Accounts,
    name: str,
    roles: Collection[Role],
    queues: Collection[str],
    now: datetime,
    expires: datetime | None = None,
) -> Issued:
    """A new account with one token. Raises OperationRefused."""
    if problem := name_problem(name):
        raise OperationRefused(RefusalCode.INVALID, f"`{name}` {problem}")
    if name in accounts.accounts:
        raise OperationRefused("conflict", f"There is an account {name} already")
    if queues and Role.OPERATOR not in roles:
        raise OperationRefused(RefusalCode.INVALID, "Queues limit an operator: the account needs the role `operator`")
    account = Account(roles=list(dict.fromkeys(roles)), queues=list(dict.fromkeys(queues)))
    return _issue(accounts, name, account, now, expires)


def rotate_token(
    accounts: Accounts, name: str, now: datetime, overlap: timedelta, expires: datetime | None = None
) -> Issued:
    """A new token. The ones before stay valid for `overlap`, or until they expire. Raises OperationRefused."""
    account = find_account(accounts, name)
    end = now + overlap
    tokens = {
        token_id: token.model_copy(update={"expires": min(token.expires or end, end)})
        if token.state(now) is TokenState.VALID
        else token
        for token_id, token in account.tokens.items()
    }
    return _issue(accounts, name, account.model_copy(update={"tokens": tokens}), now, expires)


def revoke_tokens(
    accounts: Accounts, name: str, now: datetime, token_id: str | None = None
) -> tuple[Accounts, list[str]]:
    """The token, or all of the account, are refused from now on. Also returns the ids of those that were valid.

    Raises OperationRefused.
    """
    account = find_account(accounts, name)
    if token_id is not None and token_id not in account.tokens:
        raise OperationRefused(RefusalCode.NOT_FOUND, f"Account {name} has no token `{token_id}`")
    ended = [
        each
        for each, token in account.tokens.items()
        if token_id in (None, each) and token.state(now) is TokenState.VALID
    ]
    revoked = {each: account.tokens[each].model_copy(update={"revoked": now}) for each in ended}
    changed = account.model_copy(update={"tokens": {**account.tokens, **revoked}})
    return accounts.with_account(name, changed), ended


def remove_account(accounts: Accounts, name: str) -> Accounts:
    """Raises OperationRefused."""
    find_account(accounts, name)
    return Accounts(accounts={each: account for each, account in accounts.accounts.items() if each != name})


def find_account(accounts: Accounts, name: str) -> Account:
    """Raises OperationRefused."""
    account = accounts.accounts.get(name)
    if account is None:
        raise OperationRefused(RefusalCode.NOT_FOUND, f"There is no account {name}")
    return account


def _issue(accounts: Accounts, name: str, account: Account, now: datetime, expires: datetime | None) -> Issued:
    if expires is not None and expires <= now:
        raise OperationRefused(RefusalCode.INVALID, "The token would have expired already")
    taken = accounts.tokens_by_id()
    token = create_token()
    while token.id in taken:
        token = create_token()
    record = TokenRecord(hash=token.hash, created=now, expires=expires)
    changed = account.model_copy(update={"tokens": {**account.tokens, token.id: record}})
    return Issued(accounts.with_account(name, changed), token.id, token.text)

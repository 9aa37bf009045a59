"""From a token to the person who sent it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from enum import StrEnum

from operations.access.accounts import SHARED_TOKEN_ACCOUNT, TokenState
from operations.access.live_accounts import LiveAccounts
from operations.access.person import Person
from operations.access.roles import Role
from operations.access.tokens import HASH_PREFIX, hash_matches, token_id_of

_NO_TOKEN_HASH = HASH_PREFIX + "0" * 64
"""Compared with where there is no such token, so that the time does not tell which ids exist."""
MIN_SECRET_LENGTH = 16
"""Characters. A shorter secret can be guessed."""
SHARED_PERSON = Person(SHARED_TOKEN_ACCOUNT, frozenset({Role.ADMIN}), is_shared=True)


class SignInProblem(StrEnum):
    MISSING = "no token"
    WRONG = "wrong token"
    EXPIRED = "expired token"
    REVOKED = "revoked token"


_PROBLEMS = {TokenState.EXPIRED: SignInProblem.EXPIRED, TokenState.REVOKED: SignInProblem.REVOKED}


class SignInRefused(Exception):
    """`token_id` and `account` are only known of tokens that were valid once."""

    def __init__(self, problem: SignInProblem, token_id: str | None = None, account: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.token_id = token_id
        self.account = account


class SignIn:
    """Knows the accounts of a file, and the one token that all clients may share. Either may be missing."""

    def __init__(self, accounts: LiveAccounts | None, shared_token: str = "") -> None:
        self._accounts = accounts
        self._can_be_guessed = 0 < len(shared_token) < MIN_SECRET_LENGTH
        self._shared_digest = _digest(shared_token) if shared_token else None

    def person(self, token: str, now: datetime | None = None, *, is_closed: bool = False) -> Person:
        """`is_closed`: too many wrong tokens came from the same address. Then a shared token counts only if nobody can
        guess it. Raises SignInRefused."""
        if not token:
            raise SignInRefused(SignInProblem.MISSING)
        shared = None if is_closed and self._can_be_guessed else self._shared_digest
        if shared is not None and hmac.compare_digest(_digest(token), shared):
            return SHARED_PERSON
        return self._account_person(token, now or datetime.now(UTC))

    def _account_person(self, token: str, now: datetime) -> Person:
        token_id = token_id_of(token)
        tokens = self._accounts.tokens() if self._accounts is not None else {}
        found = tokens.get(token_id or "")
        matches = hash_matches(token, found[1].hash if found else _NO_TOKEN_HASH)
        if found is None or not matches or self._accounts is None:
            raise SignInRefused(SignInProblem.WRONG)
        name, record = found
        if problem := _PROBLEMS.get(record.state(now)):
            raise SignInRefused(problem, token_id, name)
        return self._accounts.accounts.accounts[name].person(name)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()

"""From a request to the person who is signed in, as their account stands now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from starlette.requests import HTTPConnection

from console.access.cookies import Cookie
from console.access.oidc.provider import Identity
from console.access.oidc.settings import OidcSettings
from console.access.sessions import Session, SessionStore
from operations.access.accounts import TokenState
from operations.access.live_accounts import LiveAccounts
from operations.access.person import Person
from operations.access.sign_in import SignIn, SignInProblem, SignInRefused
from operations.access.tokens import token_id_of


class Gatekeeper:
    def __init__(
        self, sessions: SessionStore, accounts: LiveAccounts | None, oidc: OidcSettings | None, session_cookie: Cookie
    ) -> None:
        self.cookie = session_cookie
        self._sessions = sessions
        self._accounts = accounts
        self._oidc = oidc
        self._sign_in = SignIn(accounts)

    def session(self, connection: HTTPConnection, *, is_use: bool = True) -> tuple[Session, Person] | None:
        """None unless the browser has a session that is not over, and its account and token are still valid.

        Streams ask again from time to time. `is_use`: somebody does something, so the session is not idle.
        """
        key = connection.cookies.get(self.cookie.name, "")
        session = self._sessions.find(key, is_use=is_use) if key else None
        if session is None:
            return None
        person = self._person(session)
        if person is None:
            self._sessions.end(session.key)
            return None
        return session, person

    def sign_in(self, token: str, *, is_closed: bool) -> Session:
        """A new session. `is_closed`: too many wrong tokens came from the address. Raises SignInRefused."""
        person = self._sign_in.person(token, is_closed=is_closed)
        token_id = token_id_of(token)
        if token_id is None:
            raise SignInRefused(SignInProblem.WRONG)
        return self._sessions.begin(person.account, token_id)

    def sign_in_identity(self, identity: Identity) -> Session | None:
        """A new session of somebody whom the identity provider knows. None if no group of theirs has a role, or if the
        accounts file has an account of the same name: history would not tell the two apart."""
        is_taken = self._accounts is not None and identity.account in self._accounts.names()
        if self._oidc is None or is_taken or self._oidc.person(identity.account, identity.groups) is None:
            return None
        return self._sessions.begin(identity.account, None, identity.groups)

    def people(self) -> Collection[Person]:
        """Of the accounts file. Whom only an identity provider knows is not known before they sign in."""
        return self._accounts.people() if self._accounts is not None else ()

    def sign_out(self, connection: HTTPConnection) -> None:
        if key := connection.cookies.get(self.cookie.name):
            self._sessions.end(key)

    def close(self) -> None:
        self._sessions.close()

    def _person(self, session: Session) -> Person | None:
        """As the accounts file, or the roles of the groups, are now."""
        if session.token_id is None:
            return self._oidc.person(session.account, session.groups) if self._oidc is not None else None
        if self._accounts is None:
            return None
        found = self._accounts.tokens().get(session.token_id)
        if found is None or found[0] != session.account or found[1].state(datetime.now(UTC)) is not TokenState.VALID:
            return None
        return self._accounts.accounts.accounts[session.account].person(session.account)

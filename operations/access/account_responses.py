"""Accounts for programs and views: everything but the hashes."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from operations.access.accounts import Accounts, TokenState
from operations.access.roles import Role


class TokenResponse(BaseModel):
    id: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    state: TokenState


class AccountResponse(BaseModel):
    name: str
    roles: list[Role]
    queues: list[str]
    tokens: list[TokenResponse]


class AccountsResponse(BaseModel):
    accounts: list[AccountResponse]


def accounts_response(accounts: Accounts, now: datetime) -> AccountsResponse:
    """In the order of the names; tokens in the order in which they were made."""
    return AccountsResponse(
        accounts=[
            AccountResponse(
                name=name,
                roles=account.roles,
                queues=account.queues,
                tokens=[
                    TokenResponse(
                        id=token_id,
                        created=token.created,
                        expires=token.expires,
                        revoked=token.revoked,
                        state=token.state(now),
                    )
                    for token_id, token in sorted(account.tokens.items(), key=lambda item: item[1].created)
                ],
            )
            for name, account in sorted(accounts.accounts.items())
        ]
    )

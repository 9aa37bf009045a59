"""Accounts, one token a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from operations.access.account_responses import AccountResponse, AccountsResponse, TokenResponse
from operations.access.accounts import TokenState
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_time

STATE_STYLES = {TokenState.VALID: "green", TokenState.EXPIRED: "yellow", TokenState.REVOKED: "bright_black"}


def accounts_table(response: AccountsResponse) -> PlainTable:
    rows = [row for account in response.accounts for row in _rows(account)]
    return PlainTable(["Account", "Roles", "Queues", "Token", "State", "Created", "Expires"], rows)


def _rows(account: AccountResponse) -> Iterator[Sequence[Cell]]:
    first: list[Cell] = [
        Text(account.name, style="bold"),
        ", ".join(account.roles),
        ", ".join(account.queues),
    ]
    tokens: Sequence[TokenResponse | None] = account.tokens or [None]
    for token in tokens:
        yield [*first, *_token_cells(token)]
        first = ["", "", ""]


def _token_cells(token: TokenResponse | None) -> list[Cell]:
    if token is None:
        return ["", Text("no token", style="yellow"), "", ""]
    expires = format_time(token.expires) if token.expires else "never"
    return [token.id, Text(token.state, style=STATE_STYLES[token.state]), format_time(token.created), expires]

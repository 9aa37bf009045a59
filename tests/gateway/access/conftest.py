from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gateway.settings import GatewaySettings
from operations.access.account_changes import add_account
from operations.access.accounts_file import changing_accounts
from operations.access.roles import Role
from tests.support.gateway.process import SECRET


class GatewayAccounts:
    """The accounts file of a gateway under test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("accounts: {}\n")

    @property
    def settings(self) -> GatewaySettings:
        return GatewaySettings("", SECRET, self.path)

    def add(self, name: str, *roles: Role, queues: tuple[str, ...] = ()) -> dict[str, str]:
        """The headers of requests with the new account's token."""
        with changing_accounts(self.path) as change:
            issued = add_account(change.accounts, name, roles, queues, datetime.now(UTC))
            change.save(issued.accounts)
        return bearer(issued.token)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def caller(http: httpx.AsyncClient, headers: dict[str, str]) -> httpx.AsyncClient:
    """A client of the same gateway with another account. Its responses are checked against the schema as well."""
    return httpx.AsyncClient(
        base_url=http.base_url, headers=headers, timeout=60, trust_env=False, event_hooks=http.event_hooks
    )


@pytest.fixture
def accounts(tmp_path: Path) -> GatewayAccounts:
    return GatewayAccounts(tmp_path / "accounts.yaml")

"""A console on a free port, and people who are signed in to it."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from console.app import create_app
from console.settings import ConsoleSettings
from operations.access.account_changes import add_account
from operations.access.accounts_file import changing_accounts
from operations.access.roles import Role
from operations.client import OrderClient

BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}
"""Headers of a browser that opens a page from a page of the console."""


class ConsoleSite:
    """A console that runs, with its accounts."""

    def __init__(self, url: str, app: FastAPI, orders: OrderClient, settings: ConsoleSettings) -> None:
        self.url = url
        self.app = app
        self.orders = orders
        self.settings = settings
        self._visitors: dict[str, Visitor] = {}
        self._numbers = itertools.count(1)

    def add_account(self, name: str, *roles: Role, queues: Collection[str] = ()) -> str:
        """The new account's token."""
        assert self.settings.accounts_file is not None
        return add_console_account(self.settings.accounts_file, name, *roles, queues=queues)

    def new_token(self, *roles: Role, queues: Collection[str] = ()) -> str:
        """The token of a new account, for tests that end or change it."""
        return self.add_account(f"guest-{next(self._numbers)}", *roles, queues=queues)

    async def visitor(self, role: Role = Role.OPERATOR) -> Visitor:
        """Somebody who is signed in with an account of this role, which is named for it. One for all tests."""
        if role not in self._visitors:
            self._visitors[role] = await self.sign_in(self.add_account(str(role), role))
        return self._visitors[role]

    async def sign_in(self, token: str) -> Visitor:
        visitor = self.stranger()
        response = await visitor.http.post("/sign-in", data={"token": token})
        assert response.status_code == 303, response.text
        return visitor

    def stranger(self, **headers: str) -> Visitor:
        """Somebody who is not signed in."""
        http = httpx.AsyncClient(base_url=self.url, headers=BROWSER | headers, timeout=60, trust_env=False)
        return Visitor(http)

    async def close(self) -> None:
        for visitor in self._visitors.values():
            await visitor.http.aclose()


class Visitor:
    """A browser without scripts."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, url: str, **params: Any) -> httpx.Response:
        return await self.http.get(url, params=params or None)

    async def page(self, url: str, **params: Any) -> str:
        """The page's HTML, which must be there."""
        response = await self.get(url, **params)
        assert response.status_code == 200, f"{url}: {response.status_code} {response.text[:2000]}"
        return response.text

    async def post(self, url: str, data: Mapping[str, Any] | None = None) -> httpx.Response:
        """Sends a form as a page of the console does, with its token."""
        return await self.http.post(url, data={"csrf": await self.form_token(), **(data or {})})

    async def post_and_follow(self, url: str, data: Mapping[str, Any] | None = None) -> str:
        """The page that the browser shows after the form was sent."""
        response = await self.post(url, data)
        assert response.status_code == 303, f"{url}: {response.status_code} {response.text[:2000]}"
        return await self.page(response.headers["location"])

    async def form_token(self) -> str:
        match = re.search(r'name="csrf" value="([^"]+)"', await self.page("/help"))
        assert match is not None
        return match[1]


def add_console_account(path: Path, name: str, *roles: Role, queues: Collection[str] = ()) -> str:
    """The token of a new account in the file."""
    with changing_accounts(path) as change:
        issued = add_account(change.accounts, name, roles, queues, datetime.now(UTC))
        change.save(issued.accounts)
    return issued.token


def site_settings(folder: Path, **changes: Any) -> ConsoleSettings:
    """Of a console with accounts and sessions in `folder`."""
    accounts = folder / "accounts.yaml"
    if not accounts.exists():
        accounts.write_text("accounts: {}\n")
    values: dict[str, Any] = {
        "url": "http://127.0.0.1",
        "instance": "tests",
        "accounts_file": accounts,
        "sessions_file": folder / "sessions.sqlite",
        "max_wrong_tokens": 1_000_000,
    }
    return ConsoleSettings(**values | changes)


@asynccontextmanager
async def console_over(orders: OrderClient, settings: ConsoleSettings) -> AsyncIterator[ConsoleSite]:
    """A console in this process."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        app = create_app(orders, settings)
        config = uvicorn.Config(
            app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        app.state.live.is_stopping = lambda: server.should_exit
        serving = asyncio.create_task(server._serve([listening]))  # `serve` would take the test run's signals over
        site = ConsoleSite(f"http://127.0.0.1:{listening.getsockname()[1]}", app, orders, settings)
        try:
            yield site
        finally:
            await site.close()
            server.should_exit = True
            await serving

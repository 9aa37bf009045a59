"""A bug in the gateway: the client gets an error response, the log a traceback without secrets."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from http_server.log_setup import configure_logging
from ledger.reading.filters.order_filter import OrderFilter
from operations.client import OrderClient
from operations.reading.list_orders import OrderPage
from operations.temporal.connection import ConnectionSettings, connect
from tests.support.gateway.process import NOWHERE, gateway_over


class Broken(OrderClient):
    async def list_orders(
        self,
        criteria: OrderFilter | None = None,
        cursor: str | None = None,
        sort: str | None = None,  # noqa: ARG002
    ) -> OrderPage:
        secret = "secret-in-a-local-variable"
        raise LookupError(f"a bug, {len(secret)}, {criteria is None}, {cursor is None}")


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture(params=[True, False], ids=["terminal", "pipe"])
def screen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    screen = Screen(terminal=request.param)
    monkeypatch.setattr(sys, "stderr", screen)
    configure_logging()
    yield screen
    structlog.reset_defaults()


async def test_bug_gets_an_error_response_and_a_log_without_local_variables(screen: Screen) -> None:
    client = await connect(ConnectionSettings(NOWHERE), lazy=True)
    async with gateway_over(Broken(client)) as http:
        response = await http.get("/orders")
        assert (await http.get("/health")).status_code == 200
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "server_error"
    assert "a bug" not in response.text
    log = screen.getvalue()
    assert "LookupError" in log
    assert "a bug" in log
    assert "secret-in-a-local-variable" not in log

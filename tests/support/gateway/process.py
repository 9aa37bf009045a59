"""Gateways on a free port: in this process, or in their own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from gateway.app import create_app
from gateway.settings import GatewaySettings
from operations.client import OrderClient
from tests.support.gateway.schema import check_response
from tests.support.paths import ROOT

TOKEN = "token-of-the-tests-0123456789"
SECRET = b"callback-secret-of-the-tests"
MANY_WRONG_TOKENS = 1_000_000
"""Tests send many of them from one address."""
SETTINGS = GatewaySettings(TOKEN, SECRET, max_wrong_tokens=MANY_WRONG_TOKENS)
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOWHERE = "127.0.0.1:1"
"""An address without a Temporal server."""


@asynccontextmanager
async def gateway_over(orders: OrderClient, settings: GatewaySettings = SETTINGS) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway in this process, with the token. Every response is checked against the schema."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(create_app(orders, settings), log_level="error", access_log=False, server_header=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listening]))  # `serve` would take the test run's signals over
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            hooks = {"response": [_check_against_schema]}
            async with httpx.AsyncClient(
                base_url=url, headers=BEARER, timeout=60, trust_env=False, event_hooks=hooks
            ) as http:
                yield http
        finally:
            server.should_exit = True
            await serving


async def _check_against_schema(response: httpx.Response) -> None:
    if "ndjson" not in response.headers.get("content-type", ""):
        await response.aread()
        check_response(response)


class GatewayProcess:
    """`python -m gateway` on a free port; `url` once it is ready."""

    def __init__(self, *arguments: str, log: Path, **environment: str) -> None:
        self.log = log
        settings = {
            "ORDO_GATEWAY_TOKEN": TOKEN,
            "ORDO_CALLBACK_SECRET": SECRET.decode(),
            "ORDO_GATEWAY_WRONG_TOKENS": str(MANY_WRONG_TOKENS),
        }
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "--port", "0", *arguments],
                cwd=ROOT,
                env=os.environ | settings | environment,
                stderr=errors,
            )

    async def ready(self) -> str:
        """Waits until it is ready, and returns its URL."""
        for _ in range(1000):
            for line in self.lines():
                if line.get("event") == "gateway ready":
                    return str(line["url"])
            assert self._process.poll() is None, self.log.read_text()
            await asyncio.sleep(0.02)
        raise AssertionError("the gateway did not become ready")

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def kill(self) -> None:
        """Sends SIGKILL, so that it cannot clean up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def terminate(self) -> int:
        self._process.terminate()
        return self._process.wait(30)

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()

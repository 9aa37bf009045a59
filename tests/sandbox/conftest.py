"""A real sandbox server in its own process, and a real receiver of its callbacks and events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.paths import ROOT

DEADLINE = 20.0
"""Seconds until a test gives up waiting. It is not a measurement."""


def until(holds: Callable[[], Any], what: str) -> Any:
    """Waits for the first true value of `holds`, and returns it."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if value := holds():
            return value
        time.sleep(0.02)
    raise AssertionError(f"timed out waiting until {what}")


class Sandbox:
    """The server process. `http` is a client for its current port."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self._data = data
        self._environment = environment
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(self._data)],
            cwd=ROOT, env=os.environ | self._environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stderr is not None
        self.http = httpx.Client(base_url=self._process.stderr.readline().split()[-1], timeout=10)
        until(self._healthy, "the sandbox is up")

    def _healthy(self) -> bool:
        try:
            return self.http.get("/health").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Sends SIGKILL, so the server cannot clean up."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.http.close()

    def terminate(self) -> int:
        self._process.terminate()
        return self._process.wait(DEADLINE)

    def close(self) -> None:
        if self._process.poll() is None:
            self.kill()
        if self._process.stderr:
            self._process.stderr.close()

    def reserve(self, key: str | None = None, quantity: int = 1, sku: str = "hub-1") -> httpx.Response:
        headers = {"Authorization": "Bearer t-inventory"} | ({"Idempotency-Key": key} if key else {})
        return self.http.post("/inventory/reservations", json={"sku": sku, "quantity": quantity}, headers=headers)

    def log(self, **wanted: str) -> list[dict[str, Any]]:
        logged: list[dict[str, Any]] = self.http.get("/_log", params=wanted).json()
        return logged

    def fault(self, **fault: Any) -> None:
        self.http.post("/_faults", json=fault).raise_for_status()


@pytest.fixture
def start_sandbox(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """Starts a sandbox with these environment variables, on the test's own data."""
    started: list[Sandbox] = []

    def start(**environment: str) -> Sandbox:
        secrets = {"INVENTORY_TOKEN": "t-inventory", "LOGISTICS_API_KEY": "k-logistics", "BILLING_TOKEN": "t-billing"}
        started.append(Sandbox(tmp_path / "sandbox.sqlite", secrets | environment))
        return started[-1]

    yield start
    for sandbox in started:
        sandbox.close()


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "data.sqlite", {"INVENTORY_TOKEN": "t-inventory"})
    yield sandbox
    sandbox.close()


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """A sandbox without any data."""
    shared_sandbox.http.post("/_reset").raise_for_status()
    delays = dict.fromkeys(shared_sandbox.http.get("/_delays").json(), 0.05)
    shared_sandbox.http.put("/_delays", json=delays).raise_for_status()
    return shared_sandbox


class Receiver:
    """Accepts what is posted to it, after `refusals` refusals."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str | None, dict[str, Any]]] = []
        """(path, Authorization, body)"""
        self.refusals = 0
        self.status = 503
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if receiver.refusals > 0:
                    receiver.refusals -= 1
                    self.send_response(receiver.status)
                else:
                    receiver.received.append((self.path, self.headers["Authorization"], body))
                    self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()

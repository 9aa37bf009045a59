"""The command `lsp`: without its package, and over TCP."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.support.command_line import call, command
from tests.support.paths import ROOT

PATIENCE = 30.0


def test_without_pygls_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] in ("pygls", "lsprotocol")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("cli.language_server.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pygls", None)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    done = call("lsp")
    assert done.status == 2
    assert "The language server needs the package pygls" in done.err
    assert "make setup" in done.err


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


async def test_it_speaks_over_tcp() -> None:
    port = free_port()
    process = await asyncio.to_thread(
        lambda: subprocess.Popen(command("lsp", "--tcp", port), cwd=ROOT, stderr=subprocess.DEVNULL)
    )
    try:
        client = LanguageClient("editor", "1")
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await client.start_tcp("127.0.0.1", port)
                    break
                except ConnectionError:
                    await asyncio.sleep(0.2)
            answer = await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
            assert answer.server_info is not None
            assert answer.server_info.name == "ordo"
            assert answer.capabilities.rename_provider
            await client.shutdown_async(None)
            with suppress(ConnectionError):  # the server may be gone before it has read everything
                client.exit(None)
                await client.stop()  # type: ignore[no-untyped-call]
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


def test_an_interrupt_ends_it_at_once() -> None:
    request = (
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"rootUri":null,"processId":null}}'
    )
    process = subprocess.Popen(command("lsp"), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(request), request))
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"Content-Length")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == -signal.SIGINT  # a shell tells 130
    finally:
        process.kill()
        process.communicate()

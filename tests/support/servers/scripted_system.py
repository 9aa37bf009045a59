"""A real HTTP server that follows a test's script, down to the socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    status: int = 200
    body: Any = None
    """Bytes as they are; anything else as JSON."""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    """Never responds."""
    drops: bool = False
    """Closes the connection in the middle of the response."""
    holds: asyncio.Event | None = None
    """Responds when the event is set."""


Script = Reply | Callable[[Received], Reply]


class ScriptedServer:
    """Responds to each request with the next reply of the script, and repeats the last one."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.at_once = 0
        self.most_at_once = 0
        self.arrived = asyncio.Event()
        self._script: list[Script] = [Reply()]
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0

    def answers(self, *script: Script) -> None:
        self._script = list(script)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def close(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        try:
            while (received := await self._read(reader)) is not None:
                self.received.append(received)
                self.arrived.set()
                script = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                reply = script(received) if callable(script) else script
                if not await self._answer(reply, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Received | None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Received(method, target, headers, body)

    async def _answer(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if reply.hangs:
                await asyncio.sleep(3600)
            if reply.holds is not None:
                await reply.holds.wait()
        finally:
            self.at_once -= 1
        body = b"" if reply.body is None else reply.body
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | reply.headers
        head = f"HTTP/1.1 {reply.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        whole = head.encode("latin-1") + b"\r\n" + body
        writer.write(whole[: len(whole) // 2] if reply.drops else whole)
        await writer.drain()
        return not reply.drops

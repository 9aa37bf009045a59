"""`python -m benchmarks.stub_system`: the system that benchmarks call, as fast as Python can serve HTTP.

Responds to every request with 200 and `{"id": "T-<n>"}`. Prints its address once it listens.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class StubSystem(asyncio.Protocol):
    """The part of HTTP/1.1 with keep-alive that a benchmark's client needs."""

    numbers = itertools.count(1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._received, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            self._received = self._received[whole:]
            body = b'{"id": "T-%d"}' % next(self.numbers)
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
            self._transport.write(head + body)


async def main() -> None:
    """Serves on a free local port until the process ends."""
    server = await asyncio.get_running_loop().create_server(StubSystem, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

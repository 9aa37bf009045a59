"""An HTTP server that acts as a customer's system: it accepts bookings, refuses or fails."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Desk:
    """`call_backs`: order id → callback URL of its booking. Bookings of `held` orders wait for `released`."""

    def __init__(self) -> None:
        self.call_backs: dict[str, str] = {}
        self.held: set[str] = set()
        self.released = threading.Event()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
                self.answer(*desk.do(self.path, body))

            def answer(self, status: int, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def do(self, path: str, body: Any) -> tuple[int, Any]:
        if path == "/refusals":
            return 409, {"error": {"code": "refused", "message": "not today"}}
        if path == "/failures":
            return 500, {"error": {"code": "broken", "message": "out of order"}}
        order_id = path.removeprefix("/bookings/")
        self.call_backs[order_id] = body["call_back"]
        if order_id in self.held:
            self.released.wait(30)
        return 202, {"booked": order_id}

    async def callback_path(self, order_id: str) -> str:
        """Waits for the order's call, and returns the path of its callback."""
        for _ in range(1000):
            if url := self.call_backs.get(order_id):
                return "/callbacks/" + url.rpartition("/callbacks/")[2]
            await asyncio.sleep(0.02)
        raise AssertionError(f"no call of order {order_id} came")

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

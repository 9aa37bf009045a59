"""`python -m systems --port 8100 --data FILE`: runs the sandbox until it is told to end."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn

from sandbox.app import create_app
from sandbox.settings import load_settings

EPILOG = """environment:
  ORDO_GATEWAY_URL, ORDO_GATEWAY_TOKEN   where events go
  SANDBOX_DELAY_DELIVERY=0.5 …           seconds; also _BOOKING, _APPOINTMENT, _ACTIVATION, _HANDOVER, _ROLLOUT,
                                         _REDELIVERY
  INVENTORY_TOKEN, LOGISTICS_API_KEY, …  what each system asks for (default: sandbox)
"""


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m systems",
        description="The sandbox systems that the sample catalogue calls.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8100, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="SQLite file that keeps what happened (default: none)")
    return parser.parse_args()


def _open_socket(host: str, port: int) -> socket.socket:
    # The protocol is named since asyncio sends small answers at once only on sockets that say that they are TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


def main() -> int:
    """The exit code: 0 after a clean end, 1 where it could not start."""
    given = _parse_arguments()
    try:
        settings = load_settings(os.environ)
        listening = _open_socket(given.host, given.port)
        if given.data:
            given.data.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, OverflowError, ValueError) as error:
        print(f"The sandbox cannot start on {given.host}:{given.port}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for asked_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked_to_end, lambda *_: sys.exit(0))  # uvicorn hands the signal on once it has ended cleanly
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder, listening:
        app = create_app(given.data or Path(folder) / "sandbox.sqlite", settings)
        address = f"http://{given.host}:{listening.getsockname()[1]}"
        print(f"sandbox systems on {address}", file=sys.stderr, flush=True)  # noqa: T201
        # Dropped lines are faults that were asked for; uvicorn would report each as an error of the application.
        uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

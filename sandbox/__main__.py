"""`python -m sandbox --port 8100 --data FILE` runs the sandbox until SIGINT or SIGTERM."""

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
  ORDO_GATEWAY_URL, ORDO_GATEWAY_TOKEN   where events are sent
  SANDBOX_DELAY_DELIVERY=0.5 …           seconds; also _BOOKING, _APPOINTMENT, _ACTIVATION, _HANDOVER, _ROLLOUT,
                                         _REDELIVERY
  INVENTORY_TOKEN, LOGISTICS_API_KEY, …  secret of each system (default: sandbox)
"""


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Simulates the systems that the sample catalogue calls.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8100, help="0: any free port (default: %(default)s)")
    parser.add_argument("--data", type=Path, help="SQLite file that keeps the data (default: a temporary file)")
    return parser.parse_args()


def _open_socket(host: str, port: int) -> socket.socket:
    # Names the protocol, because asyncio disables Nagle's algorithm only for sockets that say that they are TCP.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


def main() -> int:
    """Exit status: 0 after a clean shutdown, 1 if it could not start."""
    arguments = _parse_arguments()
    try:
        settings = load_settings(os.environ)
        listening = _open_socket(arguments.host, arguments.port)
        if arguments.data:
            arguments.data.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, OverflowError, ValueError) as error:
        print(f"The sandbox cannot start on {arguments.host}:{arguments.port}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises the signal again after its shutdown
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder, listening:
        app = create_app(arguments.data or Path(folder) / "sandbox.sqlite", settings)
        address = f"http://{arguments.host}:{listening.getsockname()[1]}"
        print(f"sandbox systems on {address}", file=sys.stderr, flush=True)  # noqa: T201
        # Without this log level, uvicorn would log each dropped connection (a fault) as an error.
        uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False)).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""`python -m scenarios.pretend --system all`: pretend systems as a process, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from compiler.catalogue.pretended import ALL
from compiler.source.findings import CatalogueInvalid
from scenarios.pretend.app import create_app
from scenarios.pretend.clock import parse_time_scale
from scenarios.pretend.deliveries import Gateway
from scenarios.pretend.pretended_systems import NotPretendable, WatchedSystems
from scenarios.pretend.world import PretendWorld

EPILOG = """environment:
  ORDO_GATEWAY_URL, ORDO_GATEWAY_TOKEN   where events are sent
"""


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m scenarios.pretend",
        description="Answers for systems by the `example` of their definitions (docs/language.md, Example answers).",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--definitions", metavar="DIR", type=Path, default=Path("definitions"))
    parser.add_argument(
        "--system", metavar="NAME", action="append", default=[], help=f"may be repeated (default: {ALL})"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8090, help="0: any free port (default: %(default)s)")
    parser.add_argument("--time-scale", metavar="1d=1m", help="how fast time passes for them (default: as it does)")
    parser.add_argument("--data", metavar="FILE", type=Path, help="keeps what they know between two starts")
    return parser.parse_args()


def _open_socket(host: str, port: int) -> socket.socket:
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


async def _serve(
    options: argparse.Namespace, world: PretendWorld, systems: WatchedSystems, listening: socket.socket
) -> None:
    address = f"http://{options.host}:{listening.getsockname()[1]}"
    gateway = Gateway(os.environ.get("ORDO_GATEWAY_URL", "").rstrip("/"), os.environ.get("ORDO_GATEWAY_TOKEN", ""))
    # Without this log level, uvicorn would log each connection that an example drops as an error.
    app = create_app(world, gateway, systems.refresh)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False))
    watching = asyncio.create_task(systems.watch())
    print(f"pretend systems on {address}: {', '.join(sorted(world.systems))}", file=sys.stderr, flush=True)  # noqa: T201
    try:
        await server.serve(sockets=[listening])
    finally:
        watching.cancel()


def main() -> int:
    """Exit status: 0 after a clean shutdown, 1 if it could not start."""
    options = _parse_arguments()
    try:
        world = PretendWorld(parse_time_scale(options.time_scale) if options.time_scale else 1.0, options.data)
        systems = WatchedSystems(options.definitions, options.system or [ALL], world.pretend)
        listening = _open_socket(options.host, options.port)
    except (CatalogueInvalid, NotPretendable, OSError, OverflowError, ValueError) as error:
        print(f"The pretend systems cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises the signal again after its shutdown
    with listening:
        asyncio.run(_serve(options, world, systems, listening))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

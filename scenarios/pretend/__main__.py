"""`python -m scenarios.pretend --system all`: pretend systems as a process, until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import uvicorn

from compiler.language.systems import System
from compiler.source.findings import CatalogueInvalid
from scenarios.pretend.app import create_app
from scenarios.pretend.clock import parse_time_scale
from scenarios.pretend.deliveries import Gateway
from scenarios.pretend.environment_file import write_environment
from scenarios.pretend.pretended_systems import ALL, NotPretendable, read_systems, watch_systems
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
        "--system", metavar="NAME", action="append", default=[], help=f"may be repeated; default: {ALL}"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8090, help="0: any free port (default: %(default)s)")
    parser.add_argument("--time-scale", metavar="1d=1m", help="how fast time passes for them (default: as it does)")
    parser.add_argument("--data", metavar="FILE", type=Path, help="keeps what they know between two starts")
    parser.add_argument("--environment-out", metavar="FILE", type=Path, help="an environment file for workers")
    return parser.parse_args()


def _open_socket(host: str, port: int) -> socket.socket:
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    return listening


async def _serve(options: argparse.Namespace, systems: Mapping[str, System], listening: socket.socket) -> None:
    world = PretendWorld(parse_time_scale(options.time_scale) if options.time_scale else 1.0, options.data)
    address = f"http://{options.host}:{listening.getsockname()[1]}"

    async def use(systems: Mapping[str, System]) -> None:
        world.pretend(systems)
        if options.environment_out is not None:
            await asyncio.to_thread(write_environment, options.environment_out, address, systems)

    await use(systems)
    gateway = Gateway(os.environ.get("ORDO_GATEWAY_URL", "").rstrip("/"), os.environ.get("ORDO_GATEWAY_TOKEN", ""))
    # Without this log level, uvicorn would log each connection that an example drops as an error.
    server = uvicorn.Server(uvicorn.Config(create_app(world, gateway), log_level="critical", access_log=False))
    watching = asyncio.create_task(watch_systems(options.definitions, options.system or [ALL], use))
    print(f"pretend systems on {address}: {', '.join(sorted(systems))}", file=sys.stderr, flush=True)  # noqa: T201
    try:
        await server.serve(sockets=[listening])
    finally:
        watching.cancel()


def main() -> int:
    """Exit status: 0 after a clean shutdown, 1 if it could not start."""
    options = _parse_arguments()
    try:
        systems = read_systems(options.definitions, options.system or [ALL])
        listening = _open_socket(options.host, options.port)
        if options.time_scale:
            parse_time_scale(options.time_scale)
    except (CatalogueInvalid, NotPretendable, OSError, OverflowError, ValueError) as error:
        print(f"The pretend systems cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))  # uvicorn raises the signal again after its shutdown
    with listening:
        asyncio.run(_serve(options, systems, listening))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

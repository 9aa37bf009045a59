"""`python -m console`: the console as a process."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys

import structlog
import uvicorn

from compiler.source.garbage_collection import freeze_loaded_objects
from console.app import create_app
from console.settings import IDLE_MINUTES, ConsoleSettings, load_settings
from http_server.command_line import add_server_arguments
from http_server.listening_socket import CannotListen, open_socket, socket_url
from http_server.log_setup import configure_logging
from http_server.settings import InvalidSetting
from operations.client import OrderClient
from operations.errors import OperationError
from operations.temporal.connection import ConnectionSettings

HELP_EPILOG = f"""\
environment:
  ORDO_ACCOUNTS_FILE         the accounts that may sign in (docs/access.md)
  ORDO_LEDGER_URL            the ledger with all orders; without it, pages show less (docs/ledger.md)
  ORDO_CONSOLE_URL           where browsers find the console, behind TLS: https://console.example.com
                             (default: where it listens, on this machine only)
  ORDO_CONSOLE_INSTANCE      which console this is, such as `production`: it is shown (default: local-<port>)
  ORDO_CONSOLE_SESSIONS      the file of sessions, so that they survive a restart (default: in memory)
  ORDO_CONSOLE_IDLE_MINUTES  a session ends after so many minutes without a request (default: {IDLE_MINUTES})
  ORDO_CONSOLE_READ_ONLY     `yes`: nobody can change anything
  ORDO_CONSOLE_WRONG_TOKENS  wrong tokens that an address may send in a minute (default: 100)
  ORDO_TEMPORAL_UI_URL       Temporal's Web UI, to which pages of orders link
  TEMPORAL_*                 as for Temporal's own tools
"""
SHUTDOWN_GRACE_SECONDS = 2
"""For requests under way. Streams of pages end by themselves then."""
GC_THRESHOLDS = (50_000, 10, 10)
"""A page of a large order makes hundreds of thousands of objects that live until it is sent. With Python's own
thresholds, looking at them again and again takes as long as making them."""


def _parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m console",
        description="The web console of Ordo: where every order stands, and the means to act.",
        epilog=HELP_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_server_arguments(parser, port=8070)
    return parser.parse_args(argv)


async def _serve(arguments: argparse.Namespace, settings: ConsoleSettings, server_socket: socket.socket) -> None:
    connection = ConnectionSettings(arguments.address, arguments.namespace, arguments.task_queue)
    orders = await OrderClient.connect(connection, lazy=True)
    log = structlog.get_logger("console")
    app = create_app(orders, settings)
    if settings.sessions_file is None:
        log.info("sessions end with this process; ORDO_CONSOLE_SESSIONS names a file for them")
    log.info("console ready", url=settings.url, temporal=orders.address, task_queue=orders.task_queue)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_GRACE_SECONDS,
        server_header=False,
    )
    server = uvicorn.Server(config)
    app.state.live.is_stopping = lambda: server.should_exit
    freeze_loaded_objects(GC_THRESHOLDS)
    await server.serve(sockets=[server_socket])


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0 after a clean end, 1 if it could not start, 2 for wrong usage."""
    arguments = _parse_arguments(argv)
    try:
        server_socket = open_socket(arguments.host, arguments.port)
        with server_socket:
            listening_url = socket_url(arguments.host, server_socket)
            settings = load_settings(os.environ, listening_url, arguments.namespace or "default")
            configure_logging()
            for end_signal in (signal.SIGINT, signal.SIGTERM):
                signal.signal(end_signal, lambda *_: sys.exit(0))  # uvicorn raises the signal again after a clean end
            asyncio.run(_serve(arguments, settings, server_socket))
    except (OperationError, InvalidSetting, CannotListen) as error:
        print(f"The console cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

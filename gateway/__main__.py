"""`python -m gateway`: the gateway as a process."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys

import structlog
import uvicorn

from gateway.app import create_app
from gateway.settings import GatewaySettings, load_settings
from http_server.command_line import add_server_arguments
from http_server.listening_socket import CannotListen, open_socket, socket_url
from http_server.log_setup import configure_logging
from http_server.settings import InvalidSetting
from operations.client import OrderClient
from operations.errors import OperationError
from operations.temporal.connection import ConnectionSettings

HELP_EPILOG = """\
environment:
  ORDO_ACCOUNTS_FILE     the accounts whose tokens clients send as `Authorization: Bearer …` (docs/access.md)
  ORDO_GATEWAY_TOKEN     a token that clients share, as an admin (or ORDO_GATEWAY_TOKEN_FILE, a file with it)
  ORDO_CALLBACK_SECRET   the secret with which the worker seals callback ids (or ORDO_CALLBACK_SECRET_FILE)
  ORDO_GATEWAY_WRONG_TOKENS   wrong tokens that an address may send in a minute (default: 100)
  TEMPORAL_*             as for Temporal's own tools
"""
SHUTDOWN_GRACE_SECONDS = 20
"""Grace period before shutdown, to finish requests under way."""


def _parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m gateway",
        description="The HTTP API of Ordo: orders, events, callbacks and operator actions.",
        epilog=HELP_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_server_arguments(parser, port=8080)
    return parser.parse_args(argv)


async def _serve(arguments: argparse.Namespace, settings: GatewaySettings, server_socket: socket.socket) -> None:
    connection = ConnectionSettings(arguments.address, arguments.namespace, arguments.task_queue)
    orders = await OrderClient.connect(connection, lazy=True)
    log = structlog.get_logger("gateway")
    for name in settings.weak_secrets:
        log.warning("secret is short enough to be guessed", variable=name)
    app = create_app(orders, settings)
    url = socket_url(arguments.host, server_socket)
    log.info("gateway ready", url=url, temporal=orders.address, task_queue=orders.task_queue)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_GRACE_SECONDS,
        server_header=False,
    )
    await uvicorn.Server(config).serve(sockets=[server_socket])


def main(argv: list[str] | None = None) -> int:
    """Returns the exit status: 0 after a clean end, 1 if it could not start, 2 for wrong usage."""
    arguments = _parse_arguments(argv)
    try:
        settings = load_settings(os.environ)
        server_socket = open_socket(arguments.host, arguments.port)
    except (InvalidSetting, CannotListen) as error:
        return _report_startup_error(str(error))
    configure_logging()
    for end_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end_signal, lambda *_: sys.exit(0))  # uvicorn raises the signal again after a clean end
    try:
        with server_socket:
            asyncio.run(_serve(arguments, settings, server_socket))
    except (OperationError, InvalidSetting) as error:
        return _report_startup_error(str(error))
    return 0


def _report_startup_error(message: str) -> int:
    print(f"The gateway cannot start: {message}", file=sys.stderr)  # noqa: T201
    return 1


if __name__ == "__main__":
    raise SystemExit(main())

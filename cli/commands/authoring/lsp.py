"""`lsp`: the language server for editors."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from typing import Annotated

import typer

from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.session import Session

PANEL = "Without a server"
GC_THRESHOLDS = (50_000, 50, 100)
"""A large catalogue is millions of objects that live long: with Python's defaults, most time would go into scanning
them."""
TCP_HOST = "127.0.0.1"


def register(app: typer.Typer) -> None:
    register_command(app, "lsp", PANEL)(lsp)


def lsp(
    session: Session,
    tcp: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            help="Listen on this port of 127.0.0.1, instead of standard input and output.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run the language server: your editor starts it.

    It speaks LSP on standard input and output: findings while you type, completion, explanations, definitions,
    references, and rename. docs/editors.md sets up editors.
    """
    try:
        from cli.language_server.server import CatalogueServer
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise UsageError(
            "The language server needs the package pygls, which production leaves out. Install it with `make setup`, "
            "or with `pip install 'ordo[editor]'`"
        ) from None
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG if session.debug else logging.CRITICAL)
    # A thread waits in a read of standard input, and a handler in Python may run only after the next message. There is
    # nothing to lose, so the system ends the process. A shell tells the status 130.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(*GC_THRESHOLDS)
    server = CatalogueServer(session.definitions_dir)
    if tcp is not None:
        session.print_note(f"Listening on {TCP_HOST}:{tcp}")
        server.start_tcp(TCP_HOST, tcp)
    else:
        if sys.stdin.isatty():
            session.print_note("Waiting for an editor on standard input (docs/editors.md). Ctrl-C ends.")
        server.start_io()

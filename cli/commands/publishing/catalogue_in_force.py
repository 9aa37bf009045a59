"""Notes on standard error: where the workers have another catalogue in force than the definitions folder holds, and
which edits of it they refused."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.framework.session import Session
from compiler.source.findings import CatalogueInvalid

if TYPE_CHECKING:
    from compiler.catalogue.catalogue import Catalogue
    from operations.client import OrderClient
    from workflows.contract.catalogue_messages import WorkerCatalogue

DEFAULT_PORT = 7233
PROBE_TIMEOUT = 0.5
ANSWER_TIMEOUT = 1.0
"""Seconds. Nobody waits longer for what is only a note."""


@contextmanager
def catalogue_with_note(session: Session) -> Iterator[Catalogue]:
    """The catalogue of the definitions folder. The note follows whatever the command prints.

    Raises CatalogueInvalid.
    """
    catalogue = None
    try:
        catalogue = session.read_catalogue()
        yield catalogue
    finally:
        note_catalogue_in_force(session, catalogue)


def note_catalogue_in_force(session: Session, catalogue: Catalogue | None = None) -> None:
    """For commands without a server: prints the note if one answers within a second, and nothing otherwise.

    `catalogue`: of the definitions folder, if it has been read.
    """
    if not is_server_listening(session):
        return
    from operations.errors import OperationError

    async def ask() -> Sequence[WorkerCatalogue]:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await (await session.connect()).read_worker_catalogues()

    try:
        workers = asyncio.run(ask())
    except (OperationError, TimeoutError):
        return
    if workers:
        _print_notes(session, workers, catalogue.version if catalogue else _folder_version(session))


async def note_catalogue_of_order(session: Session, server: OrderClient, in_force: str) -> None:
    """For `start`. `in_force`: the version that the workers compiled an order with."""
    from operations.errors import OperationError

    if not session.definitions_dir.is_dir():
        return
    version = await asyncio.to_thread(_folder_version, session)
    try:
        workers = await server.read_worker_catalogues()
    except OperationError:
        return
    _print_notes(session, workers, version, in_force)


async def note_refused_edits(session: Session, server: OrderClient) -> None:
    """Prints a note for each edit of the definitions that the workers refused."""
    from operations.errors import OperationError
    from views.infrastructure.deployed_catalogue import refusal_notes

    try:
        workers = await server.read_worker_catalogues()
    except OperationError:
        return
    for line in refusal_notes(workers):
        session.print_note(line)


def _folder_version(session: Session) -> str | None:
    try:
        return session.read_catalogue().version
    except CatalogueInvalid:
        return None


def _print_notes(
    session: Session, workers: Sequence[WorkerCatalogue], version: str | None, in_force: str | None = None
) -> None:
    from views.infrastructure.deployed_catalogue import catalogue_notes

    for line in catalogue_notes(workers, session.definitions_dir, version, in_force):
        session.print_note(line)


def is_server_listening(session: Session) -> bool:
    """Whether something accepts connections at Temporal's address. Spares commands the import of Temporal's client."""
    host, port = _split_address(session.address or os.environ.get("TEMPORAL_ADDRESS") or _profile_address())
    listening = threading.Event()

    def probe() -> None:
        try:
            socket.create_connection((host, port), PROBE_TIMEOUT).close()
        except OSError:
            return
        listening.set()

    # In a thread, because looking up a name has no timeout.
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(PROBE_TIMEOUT)
    return listening.is_set()


def _split_address(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]") or address, int(port) if port.isdecimal() else DEFAULT_PORT


def _profile_address() -> str:
    """The address in Temporal's profile, as Temporal's own tools read it; localhost if there is none."""
    home = Path.home() / ("Library/Application Support" if sys.platform == "darwin" else ".config")
    default = Path(os.environ.get("XDG_CONFIG_HOME") or home) / "temporalio" / "temporal.toml"
    try:
        with open(os.environ.get("TEMPORAL_CONFIG_FILE") or default, "rb") as file:
            profile = tomllib.load(file)["profile"][os.environ.get("TEMPORAL_PROFILE") or "default"]
        return str(profile["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return "localhost"

"""The ledger of a stack that runs on this machine, or has run, for the command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from ledger.settings import LEDGER_URL
from stack.data_folder import DataFolder
from stack.options import DATA_FOLDER, DEMO_FOLDER, HOST

DEFAULT_FOLDERS = (DATA_FOLDER, DATA_FOLDER / DEMO_FOLDER)
"""Those of `up` and `demo` in the working directory, if no other is named."""


def ledger_setting(url: str) -> str:
    """The variable that names this ledger, as a shell takes it."""
    return f"{LEDGER_URL}={shlex.quote(url)}"


def needed_setting(folder: DataFolder, folders: Iterable[Path] = DEFAULT_FOLDERS) -> str | None:
    """What has to be set so that commands in the working directory find the ledger of the stack that runs on `folder`.
    None: they find it by themselves."""
    is_looked_at = folder.path.resolve() in {each.resolve() for each in folders}
    return None if is_looked_at else ledger_setting(folder.ledger_url)


def ledger_of_running_stack(temporal_address: str, folders: Iterable[Path] = DEFAULT_FOLDERS) -> str | None:
    """The URL of the ledger of the stack that serves this address. None if no stack of these data folders does."""
    for folder in map(DataFolder, folders):
        settings = folder.saved_environment()
        serves = _host_and_port(settings.get("TEMPORAL_ADDRESS", "")) == _host_and_port(temporal_address)
        if serves and folder.is_in_use():
            return settings.get(LEDGER_URL)
    return None


def ledger_of_ended_stack(temporal_address: str | None = None, folders: Iterable[Path] = DEFAULT_FOLDERS) -> str | None:
    """The URL of the ledger that a stack of these data folders has left. None if there is none, or if it runs.
    `temporal_address`: only of a stack that served it."""
    for folder in map(DataFolder, folders):
        served = folder.saved_environment().get("TEMPORAL_ADDRESS", "")
        is_meant = temporal_address is None or _host_and_port(served) == _host_and_port(temporal_address)
        if is_meant and folder.ledger.is_file() and not folder.is_in_use():
            return folder.ledger_url
    return None


def _host_and_port(address: str) -> tuple[str, str]:
    host, _, port = address.rpartition(":")
    return HOST if host == "localhost" else host, port

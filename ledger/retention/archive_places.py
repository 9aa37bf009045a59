"""Where the archive is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, delete, select

from ledger.retention.archive_folder import ARCHIVE_SETTING, ArchiveFolder
from ledger.schema.tables import watermarks
from ledger.writing.statements import upsert

_LEFTOVERS = "archive_leftovers:"


def configured_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    value = environment.get(ARCHIVE_SETTING, "").strip()
    return Path(value) if value else None


def locate(file: str, folder: Path | None = None) -> tuple[ArchiveFolder, str]:
    """The folder and the name of an archive file. `file` is as in `archived_orders`: the path at which it was written.
    `folder`: where the archive is now, if it was moved; without it, the setting counts."""
    path = Path(file)
    moved_to = folder or configured_folder()
    if moved_to is not None and (moved_to / path.name).exists():
        return ArchiveFolder(moved_to), path.name
    return ArchiveFolder(path.parent), path.name


def remember_leftovers(connection: Connection, folder: ArchiveFolder, files: list[str]) -> None:
    """Until this is called with other files, an interrupted run leaves these to be removed."""
    upsert(connection, watermarks, [{"name": _leftovers_name(folder), "value": files}])


def forget_leftovers(connection: Connection, folder: ArchiveFolder) -> None:
    connection.execute(delete(watermarks).where(watermarks.c.name == _leftovers_name(folder)))


def read_leftovers(connection: Connection, folder: ArchiveFolder) -> list[str]:
    query = select(watermarks.c.value).where(watermarks.c.name == _leftovers_name(folder))
    return list(connection.execute(query).scalar() or ())


def folders_with_leftovers(connection: Connection) -> list[ArchiveFolder]:
    query = select(watermarks.c.name).where(watermarks.c.name.startswith(_LEFTOVERS, autoescape=True))
    return [ArchiveFolder(Path(name.removeprefix(_LEFTOVERS))) for name in connection.execute(query).scalars()]


def _leftovers_name(folder: ArchiveFolder) -> str:
    return f"{_LEFTOVERS}{folder.path}"

"""A cheap fingerprint that shows whether the files of a catalogue have changed."""

from __future__ import annotations

import os
from pathlib import Path

from compiler.source.files import YAML_SUFFIXES

Fingerprint = frozenset[tuple[str, int, int, int, int]]
"""For each file: path, inode, size, mtime and ctime (nanoseconds)."""


def fingerprint(folder: Path | None, environment: Path | None) -> Fingerprint:
    """Of all definitions below `folder`, through links, and of the file `environment`. Unreadable counts as missing."""
    seen: set[tuple[int, int]] = set()
    marks: set[tuple[str, int, int, int, int]] = set()
    for parent, folders, files in os.walk(folder, followlinks=True) if folder is not None else ():
        here = _stat(parent)
        if here is None or (here.st_dev, here.st_ino) in seen:
            folders[:] = []
            continue
        seen.add((here.st_dev, here.st_ino))
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.endswith(YAML_SUFFIXES) and not name.startswith("."):
                _add_fingerprint(os.path.join(parent, name), marks)
    if environment is not None:
        _add_fingerprint(str(environment), marks)
    return frozenset(marks)


def _add_fingerprint(path: str, entries: set[tuple[str, int, int, int, int]]) -> None:
    if found := _stat(path):
        entries.add((path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None

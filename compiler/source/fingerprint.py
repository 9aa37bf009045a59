"""A cheap fingerprint that shows whether files have changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from compiler.source.files import YAML_SUFFIXES

Fingerprint = frozenset[tuple[str, int, int, int, int]]
"""For each file: path, inode, size, mtime and ctime (nanoseconds)."""


def fingerprint(paths: Iterable[Path], suffixes: Iterable[str] = YAML_SUFFIXES) -> Fingerprint:
    """Of each file of `paths`, and of all visible files below its folders, through links, that have a suffix.

    A file or folder that cannot be read counts as missing.
    """
    seen: set[tuple[int, int]] = set()
    marks: set[tuple[str, int, int, int, int]] = set()
    for path in paths:
        if path.is_dir():
            _add_folder(path, tuple(suffixes), seen, marks)
        else:
            _add_file(str(path), marks)
    return frozenset(marks)


def changed_files(before: Fingerprint, after: Fingerprint) -> list[Path]:
    """The files that are new, gone or different."""
    return sorted({Path(path) for path, *_ in before ^ after})


def _add_folder(
    folder: Path, suffixes: tuple[str, ...], seen: set[tuple[int, int]], marks: set[tuple[str, int, int, int, int]]
) -> None:
    for parent, folders, files in os.walk(folder, followlinks=True):
        here = _stat(parent)
        if here is None or (here.st_dev, here.st_ino) in seen:
            folders[:] = []
            continue
        seen.add((here.st_dev, here.st_ino))
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.endswith(suffixes) and not name.startswith("."):
                _add_file(os.path.join(parent, name), marks)


def _add_file(path: str, marks: set[tuple[str, int, int, int, int]]) -> None:
    if found := _stat(path):
        marks.add((path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None

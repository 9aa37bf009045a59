"""Waits for edits of files, for commands that run again after each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from compiler.source.fingerprint import changed_files, fingerprint

POLL_INTERVAL = 0.2
"""Seconds. A look at 1,000 files takes some milliseconds."""
SETTLE_TIME = 0.05
"""Seconds. An edit that goes on is not over: many editors empty a file before they write it."""


def watch_files(paths: Iterable[Path], suffixes: Iterable[str]) -> Iterator[list[Path]]:
    """Yields nothing at first, and then the files that changed, after each edit, until Ctrl-C.

    `paths`: files, and folders with all visible files below that have one of the suffixes. They may be created later.
    """
    paths, suffixes = [*paths], [*suffixes]
    before = fingerprint(paths, suffixes)
    yield []
    while True:
        after = fingerprint(paths, suffixes)
        if after == before:
            time.sleep(POLL_INTERVAL)
            continue
        time.sleep(SETTLE_TIME)
        while (later := fingerprint(paths, suffixes)) != after:
            after = later
            time.sleep(SETTLE_TIME)
        if after == before:
            continue
        changed, before = changed_files(before, after), after
        yield changed

"""Writes a file of personal data."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def complete_file(path: Path) -> Iterator[IO[bytes]]:
    """The file appears, or replaces an older one, once it is complete. Only its owner may read it. What is no regular
    file, such as `/dev/stdout`, is written to as it is."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise

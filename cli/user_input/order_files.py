"""Orders from files and standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.framework.errors import UsageError

STDIN = "-"
JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}
ORDER_SUFFIXES = JSON_SUFFIXES | {".yaml", ".yml"}
_KIND_KEY = re.compile(rb"""^\s*["']?kind["']?\s*:""", re.MULTILINE)
_LINES_KEY = re.compile(rb"""["']?lines["']?\s*:""")
MAX_FILE_BYTES = 64 * 1024 * 1024
"""Bytes."""


@dataclass(frozen=True)
class OrderFileText:
    """What stands in one file."""

    file: str
    text: str


@dataclass(frozen=True)
class LoadedOrder:
    order: dict[str, Any]
    file: str

    @property
    def label(self) -> str:
        """What to call it in a message: its id, else where it stands."""
        order_id = self.order.get("id")
        return f"order {order_id}" if isinstance(order_id, str) else f"the order in {self.file}"


def looks_like_order_file(file: Path) -> bool:
    """Whether orders stand in the file, rather than definitions, by a glance at it."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return bool(_LINES_KEY.search(content)) and not _KIND_KEY.search(content)


def read_order_files(files: Sequence[str]) -> Iterator[OrderFileText]:
    """The files' texts; `-` is standard input. Raises WrongUsage: not there, a folder, no text."""
    for file in files:
        yield OrderFileText(*_read_stdin()) if file == STDIN else OrderFileText(file, _read_file(Path(file)))


def load_orders(files: Sequence[str]) -> list[LoadedOrder]:
    """Every order of the files: YAML, JSON, or JSON lines. Raises WrongUsage as above, OrderRejected for no order."""
    from compiler.orders.reader import read_orders

    found = [
        LoadedOrder(order, text.file) for text in read_order_files(files) for order in read_orders(text.text, text.file)
    ]
    if not found:
        raise UsageError(
            f"There is no order in {', '.join(map(_display_name, files))}. docs/language.md shows what one looks like"
        )
    return found


def _display_name(file: str) -> str:
    return "standard input" if file == STDIN else file


def _read_stdin() -> tuple[str, str]:
    return "standard input", _decode(sys.stdin.buffer.read(MAX_FILE_BYTES + 1), "standard input")


def _read_file(path: Path) -> str:
    if path.is_dir():
        orders = sorted(
            each for each in path.iterdir() if each.suffix in ORDER_SUFFIXES and looks_like_order_file(each)
        )
        hint = f": name a file in it, such as {orders[0]}" if orders else ""
        raise UsageError(f"{path} is a folder, and an order is a file{hint}")
    try:
        with path.open("rb") as stream:
            return _decode(stream.read(MAX_FILE_BYTES + 1), str(path))
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}{_suggestion(path)}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{str(path)!r} cannot be the name of a file") from error


def _suggestion(path: Path) -> str:
    from compiler.source.findings import did_you_mean

    try:
        names = [str(path.parent / each.name) for each in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(str(path), names)


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"{file} is larger than {MAX_FILE_BYTES // 1024 // 1024} MB: that is no order")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8 (byte {error.start + 1} is none)") from error

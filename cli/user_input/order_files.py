"""Orders from files and standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.framework.errors import WrongUsage

STANDARD_INPUT = "-"
JSON_FILES = {".json", ".jsonl", ".ndjson"}
ORDER_FILES = JSON_FILES | {".yaml", ".yml"}
_KIND = re.compile(rb"""^\s*["']?kind["']?\s*:""", re.MULTILINE)
_LINES = re.compile(rb"""["']?lines["']?\s*:""")
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes."""


@dataclass(frozen=True)
class OrderText:
    """What stands in one file."""

    file: str
    text: str


@dataclass(frozen=True)
class GivenOrder:
    order: dict[str, Any]
    file: str

    @property
    def name(self) -> str:
        """What to call it in a message: its id, else where it stands."""
        order_id = self.order.get("id")
        return f"order {order_id}" if isinstance(order_id, str) else f"the order in {self.file}"


def looks_like_order(file: Path) -> bool:
    """Whether orders stand in the file, rather than definitions, by a glance at it."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return bool(_LINES.search(content)) and not _KIND.search(content)


def read_texts(files: Sequence[str]) -> Iterator[OrderText]:
    """The files' texts; `-` is standard input. Raises WrongUsage: not there, a folder, no text."""
    for file in files:
        yield OrderText(*_standard_input()) if file == STANDARD_INPUT else OrderText(file, _file(Path(file)))


def read_given(files: Sequence[str]) -> list[GivenOrder]:
    """Every order of the files: YAML, JSON, or JSON lines. Raises WrongUsage as above, OrderRejected for no order."""
    from compiler.orders.reader import read_orders

    found = [GivenOrder(order, text.file) for text in read_texts(files) for order in read_orders(text.text, text.file)]
    if not found:
        raise WrongUsage(
            f"There is no order in {', '.join(map(_named, files))}. docs/language.md shows what one looks like"
        )
    return found


def _named(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _standard_input() -> tuple[str, str]:
    return "standard input", _decoded(sys.stdin.buffer.read(LARGEST_FILE + 1), "standard input")


def _file(path: Path) -> str:
    if path.is_dir():
        orders = sorted(each for each in path.iterdir() if each.suffix in ORDER_FILES and looks_like_order(each))
        hint = f": name a file in it, such as {orders[0]}" if orders else ""
        raise WrongUsage(f"{path} is a folder, and an order is a file{hint}")
    try:
        with path.open("rb") as stream:
            return _decoded(stream.read(LARGEST_FILE + 1), str(path))
    except FileNotFoundError as error:
        raise WrongUsage(f"There is no file {path}{_nearby(path)}") from error
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise WrongUsage(f"{str(path)!r} cannot be the name of a file") from error


def _nearby(path: Path) -> str:
    from compiler.source.findings import did_you_mean

    try:
        names = [str(path.parent / each.name) for each in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(str(path), names)


def _decoded(data: bytes, file: str) -> str:
    if len(data) > LARGEST_FILE:
        raise WrongUsage(f"{file} is larger than {LARGEST_FILE // 1024 // 1024} MB: that is no order")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUsage(f"{file} is not text in UTF-8 (byte {error.start + 1} is none)") from error

"""Orders from files and standard input."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.framework.errors import UsageError

if TYPE_CHECKING:
    from operations.errors import OperationRefused

STDIN, STDIN_NAME = "-", "standard input"
JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}
ORDER_SUFFIXES = JSON_SUFFIXES | {".yaml", ".yml"}
_KIND_KEY = re.compile(rb"""^\s*["']?kind["']?\s*:""", re.MULTILINE)
_LINES_KEY = re.compile(rb"""["']?lines["']?\s*:""")
MAX_FILE_MEGABYTES = 64
MAX_FILE_BYTES = MAX_FILE_MEGABYTES * 1024 * 1024


@dataclass(frozen=True)
class OrderFileText:
    file: str
    text: str


@dataclass(frozen=True)
class LoadedOrder:
    order: dict[str, Any]
    file: str

    @property
    def label(self) -> str:
        """`order HS-1`, or `the order in FILE` where it has no id."""
        order_id = self.order.get("id")
        return f"order {order_id}" if isinstance(order_id, str) else f"the order in {self.file}"


def looks_like_order_file(file: Path) -> bool:
    """Whether the file seems to hold orders rather than definitions."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    return bool(_LINES_KEY.search(content)) and not _KIND_KEY.search(content)


def read_order_files(files: Sequence[str]) -> Iterator[OrderFileText]:
    """The texts of the files; `-` is standard input. Raises UsageError for one that is missing, a folder or no text."""
    for file in files:
        if file == STDIN:
            yield OrderFileText(STDIN_NAME, _decode(sys.stdin.buffer.read(MAX_FILE_BYTES + 1), STDIN_NAME))
        else:
            yield OrderFileText(file, _read_file(Path(file)))


def find_order_files(paths: Sequence[str]) -> list[str]:
    """The files, and the order files of the folders among the paths."""
    found: list[str] = []
    for path in paths:
        if path != STDIN and Path(path).is_dir():
            files = sorted(each for each in Path(path).iterdir() if each.suffix in ORDER_SUFFIXES)
            found += [str(each) for each in files if looks_like_order_file(each)]
        else:
            found.append(path)
    return found


def load_orders(files: Sequence[str]) -> list[LoadedOrder]:
    """All orders of the files: YAML, JSON, or JSON lines. Raises UsageError for files, OrderRejected for contents."""
    from compiler.orders.reader import read_orders
    from compiler.orders.validation import definition_kind

    texts = list(read_order_files(files))
    orders = [LoadedOrder(order, text.file) for text in texts for order in read_orders(text.text, text.file)]
    for loaded in orders:
        if kind := definition_kind(loaded.order):
            raise UsageError(f"{loaded.file} holds definitions (`kind: {kind}`), and this command takes orders")
    if not orders:
        names = ", ".join(text.file for text in texts)
        raise UsageError(f"There is no order in {names}. docs/language.md shows an example")
    return orders


def id_refusal(loaded: LoadedOrder) -> OperationRefused | None:
    """Why an order cannot be sent that has no usable id, with everything that is wrong with it, and where. None if it
    has one."""
    from compiler.language.order import is_order_id
    from compiler.orders.reader import order_source
    from compiler.orders.validation import validate_order
    from operations.errors import OperationRefused
    from workflows.contract.order_messages import RefusalCode

    order_id = loaded.order.get("id")
    if isinstance(order_id, str) and is_order_id(order_id):
        return None
    findings = validate_order(loaded.order, order_source(loaded.order, loaded.file)).findings
    message = "An order without a usable `id` cannot be sent"
    return OperationRefused(RefusalCode.INVALID, message, [finding.model_dump() for finding in findings])


def _read_file(path: Path) -> str:
    if path.is_dir():
        orders = sorted(
            each for each in path.iterdir() if each.suffix in ORDER_SUFFIXES and looks_like_order_file(each)
        )
        hint = f", such as {orders[0]}" if orders else ""
        raise UsageError(f"{path} is a folder; give a file{hint}")
    try:
        with path.open("rb") as stream:
            return _decode(stream.read(MAX_FILE_BYTES + 1), str(path))
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}{_suggestion(path)}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{str(path)!r} cannot be a file name") from error


def _suggestion(path: Path) -> str:
    from compiler.source.findings import did_you_mean

    try:
        names = [str(path.parent / each.name) for each in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(str(path), names)


def _decode(data: bytes, file: str) -> str:
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"{file} is larger than {MAX_FILE_MEGABYTES} MB, too large for an order")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text (at byte {error.start + 1})") from error

"""One run of one command: its common options, and where its output goes."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

if TYPE_CHECKING:
    from pydantic import BaseModel

    from compiler.catalogue.catalogue import Catalogue
    from operations.client import OrderClient
    from operations.temporal.connection import ConnectionSettings

DEFAULT_DEFINITIONS_DIR = Path("definitions")
UNLIMITED_WIDTH = 1_000_000
"""Width of a pipe: nothing is wrapped or cut there."""


class OutputFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


_CONTROL_CODES = [*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
CONTROL_REPLACEMENTS = dict.fromkeys(_CONTROL_CODES, "\ufffd")
"""For str.translate: characters that would control the terminal. Names and messages come from outside."""


class SafeConsole(Console):
    """Prints text as it is: neither markup nor control characters have an effect."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=segment.text.translate(CONTROL_REPLACEMENTS))


def make_console(*, stderr: bool = False) -> Console:
    """On standard output or error, as wide as the terminal; without a limit in a pipe."""
    console = SafeConsole(stderr=stderr)
    return console if console.is_terminal else SafeConsole(stderr=stderr, width=UNLIMITED_WIDTH, no_color=True)


@dataclass
class Session:
    address: str | None = None
    namespace: str | None = None
    task_queue: str | None = None
    definitions: Path | None = None
    output: StrEnum = OutputFormat.TEXT
    """An OutputFormat, or one that only this command has."""
    debug: bool = False
    environment: str | None = None
    """The name of a Temporal profile, which says where to connect."""
    console: Console = field(default_factory=make_console)
    stderr_console: Console = field(default_factory=lambda: make_console(stderr=True))

    @property
    def is_json(self) -> bool:
        return self.output.value == OutputFormat.JSON.value

    @property
    def definitions_dir(self) -> Path:
        return self.definitions or DEFAULT_DEFINITIONS_DIR

    @property
    def is_terminal(self) -> bool:
        return self.console.is_terminal

    def print(self, *parts: RenderableType) -> None:
        """Prints for people; in a pipe, as plain lines without trailing blanks."""
        if self.is_terminal:
            for part in parts:
                self.console.print(part)
            return
        buffer = io.StringIO()
        plain = SafeConsole(file=buffer, width=UNLIMITED_WIDTH, no_color=True)
        for part in parts:
            plain.print(part)
        lines = buffer.getvalue().split("\n")[:-1]
        sys.stdout.write("".join(f"{line.rstrip()}\n" for line in lines))
        sys.stdout.flush()

    def print_json(self, value: Any) -> None:
        """Prints the JSON document of a command with one answer."""
        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_dump_model) + "\n")
        sys.stdout.flush()

    def print_result(self, document: Any, message: str) -> None:
        """Prints the document with `-o json`, else the message."""
        if self.is_json:
            self.print_json(document)
        else:
            self.print(message)

    def print_json_line(self, value: Any) -> None:
        """Prints one of several JSON documents, each on a line."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_dump_model) + "\n")
        sys.stdout.flush()

    def print_note(self, text: str | Text) -> None:
        """Prints a remark on standard error."""
        self.stderr_console.print(text, soft_wrap=True)

    @property
    def connection(self) -> ConnectionSettings:
        """Where Temporal is, as far as the options say it."""
        from operations.temporal.connection import ConnectionSettings
        from workflows.contract.order_messages import TASK_QUEUE

        return ConnectionSettings(self.address, self.namespace, self.task_queue or TASK_QUEUE, self.environment)

    async def connect(self, *, lazy: bool = False) -> OrderClient:
        """Connects to Temporal; with `lazy` only when it is asked something. Its ledger is the configured one, or that
        of the stack that runs here. Raises ServerUnreachable."""
        from ledger.settings import LEDGER_URL
        from operations.client import OrderClient
        from operations.reading.ledger_access import LedgerAccess
        from stack.ledger_discovery import ledger_of_running_stack

        client = await OrderClient.connect(self.connection, lazy=lazy)
        if client.ledger is None and (url := ledger_of_running_stack(client.address)):
            return OrderClient(client.client, client.task_queue, LedgerAccess({LEDGER_URL: url}))
        return client

    def read_catalogue(self) -> Catalogue:
        """The catalogue of the definitions folder. Raises CatalogueInvalid."""
        from compiler.load_catalogue import load_catalogue

        return load_catalogue(self.definitions_dir)


def _dump_model(value: BaseModel) -> Any:
    return value.model_dump(mode="json")

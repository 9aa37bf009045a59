"""One run of one command: what the common options say, and where its answer goes."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.text import Text

if TYPE_CHECKING:
    from compiler.catalogue import Catalogue
    from operations import Orders

DEFINITIONS = Path("definitions")
NO_LIMIT = 1_000_000
"""Width of what is not a terminal: nothing is wrapped or cut there."""


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"


def a_console(stream: str) -> Console:
    """On `stdout` or `stderr`, as wide as the terminal, or without a limit where it is none."""
    console = Console(stderr=stream == "stderr", highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(
            stderr=stream == "stderr", highlight=False, markup=False, emoji=False, width=NO_LIMIT, no_color=True
        )
    return console


@dataclass
class Session:
    address: str | None = None
    namespace: str | None = None
    task_queue: str | None = None
    definitions_given: Path | None = None
    output: Output = Output.TEXT
    debug: bool = False
    console: Console = field(default_factory=lambda: a_console("stdout"))
    errors: Console = field(default_factory=lambda: a_console("stderr"))

    @property
    def json(self) -> bool:
        return self.output is Output.JSON

    @property
    def definitions(self) -> Path:
        return self.definitions_given or DEFINITIONS

    @property
    def terminal(self) -> bool:
        return self.console.is_terminal

    def show(self, *parts: RenderableType) -> None:
        """Prints for people; in a pipe as plain lines without trailing blanks."""
        if self.terminal:
            for part in parts:
                self.console.print(part)
            return
        buffer = io.StringIO()
        plain = Console(file=buffer, width=NO_LIMIT, no_color=True, highlight=False, markup=False, emoji=False)
        for part in parts:
            if isinstance(part, str | Text):
                buffer.write(f"{part}\n")
            else:
                plain.print(part)
        sys.stdout.write("".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines()))
        sys.stdout.flush()

    def document(self, value: Any) -> None:
        """Prints the JSON document that the command answers with."""
        sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def line(self, value: Any) -> None:
        """Prints one of several JSON documents, a line each."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def remark(self, text: str | Text) -> None:
        """Says something beside the answer, on standard error."""
        self.errors.print(text, soft_wrap=True)

    async def orders(self) -> Orders:
        """Connects to Temporal. Raises ServerUnreachable."""
        from operations import Orders
        from operations.connection import ConnectionSettings
        from workflows.messages import TASK_QUEUE

        return await Orders.connect(ConnectionSettings(self.address, self.namespace, self.task_queue or TASK_QUEUE))

    def catalogue(self) -> Catalogue:
        """The catalogue of the definitions folder. Raises CatalogueInvalid."""
        from compiler.loading import load_catalogue

        return load_catalogue(self.definitions)

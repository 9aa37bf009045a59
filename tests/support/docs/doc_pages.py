"""Code blocks of README and docs, and whether a command prints what a page shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^( *)```(\S*) ?(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
_SAVED_AS = re.compile(r"`((?:definitions|orders)/[\w/]+\.(?:yaml|json))`(?: \((continued)\))?:\n\n$")
_COMMAND = re.compile(r"^(?:\$ )?python starter\.py (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A code block. Its info string is `LANGUAGE FRAME`; readers do not see the frame.

    `saved_as` is the file that the text above it names, as in "`orders/x.yaml`:".
    """

    page: Path
    line: int
    language: str
    frame: str
    text: str
    saved_as: str | None
    is_continued: bool

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> Iterator[tuple[list[str], str]]:
        """Each command without `python starter.py`, and the output that is shown below it."""
        found = list(_COMMAND.finditer(self.text))
        ends = [*(match.start() for match in found[1:]), len(self.text)]
        for match, end in zip(found, ends, strict=False):
            yield shlex.split(match[1], comments=True), self.text[match.end() + 1 : end]


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [_block(page, text, match) for match in _BLOCK.finditer(text)]


def all_blocks() -> list[Block]:
    return [block for page in PAGES for block in blocks_of(page)]


def _block(page: Path, text: str, match: re.Match[str]) -> Block:
    indent, language, frame, content = match.groups()
    saved = _SAVED_AS.search(text[: match.start()])
    return Block(
        page,
        text.count("\n", 0, match.start()) + 1,
        language,
        frame,
        re.sub(f"^{indent}", "", content, flags=re.MULTILINE),
        saved[1] if saved else None,
        bool(saved and saved[2]),
    )


def is_shown(shown: str, printed: str) -> bool:
    """`…` alone on a line stands for any lines, and within a line for any text."""
    lines = []
    for line in shown.strip().splitlines():
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(part) for part in line.rstrip().split("…")) + "\n")
    stripped = "".join(f"{line.rstrip()}\n" for line in printed.strip().splitlines())
    return re.fullmatch("".join(lines), stripped) is not None

"""Places of definitions, as short as people need them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from compiler.source.findings import SourceLocation

_FINDING = re.compile(
    r"(?P<file>[^\n]+?):(?P<line>\d+):(?P<column>\d+): (?P<message>.*?)(?: \[(?P<code>[a-z0-9-]+)\])?", re.S
)


class PlaceNames:
    """Workers name files by their whole path. Here they are named below the workers' folders."""

    def __init__(self, folders: Iterable[str] = ()) -> None:
        self._prefixes = sorted({f"{folder.rstrip('/')}/" for folder in folders if folder}, key=len, reverse=True)

    def file(self, name: str) -> str:
        prefix = next((each for each in self._prefixes if name.startswith(each)), "")
        return name.removeprefix(prefix)

    def place(self, location: SourceLocation | None) -> str:
        """`offers/security.yaml:12`; empty if unknown."""
        return f"{self.file(location.file)}:{location.line}" if location is not None and location.line else ""


@dataclass(frozen=True)
class FindingText:
    place: str
    """`offers/security.yaml:12:3`; empty if the finding names none."""
    message: str
    code: str


def finding_text(text: str, places: PlaceNames) -> FindingText:
    """A finding as workers report it: `FILE:LINE:COLUMN: MESSAGE [CODE]`, which may have been cut."""
    found = _FINDING.fullmatch(text)
    if found is None:
        return FindingText("", text, "")
    place = f"{places.file(found['file'])}:{found['line']}:{found['column']}"
    return FindingText(place, found["message"], found["code"] or "")

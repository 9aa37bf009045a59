"""What is wrong with a catalogue or an order, said so that the person who wrote it can mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning"]


class Place(NamedTuple):
    """A position in a file. Line and column count from 1; 0 where there is none to give."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Finding(BaseModel):
    """One mistake, or one thing that can be proved useless. `code` is stable; docs/findings.md explains each."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    code: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        mark = "" if self.severity == "error" else "warning: "
        return f"{self.file}:{self.line}:{self.column}: {mark}{self.message} [{self.code}]"


class Refused(Exception):
    """A catalogue or an order that cannot be used; `findings` says why, every reason at once."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class CatalogueInvalid(Refused):
    """The definitions have errors. The catalogue is refused as a whole."""


class OrderRejected(Refused):
    """The order cannot be fulfilled with this catalogue, or is not a well-formed order."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    r"""`; did you mean \`cameras\`?`, or nothing where no known name is near."""
    near = get_close_matches(name[:100], known, n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


def finding_at(place: Place, code: str, message: str, severity: Severity = "error") -> Finding:
    return Finding(file=place.file, line=place.line, column=place.column, code=code, message=message, severity=severity)

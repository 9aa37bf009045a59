"""Findings: what is wrong with a catalogue or an order, in words that help its author to fix it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["error", "warning"]


class SourceLocation(NamedTuple):
    """A position in a file. Line and column count from 1; 0 if unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Finding(BaseModel):
    """One error, or one thing that has no effect. `code` is stable; compiler/finding_pages explains each."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int
    column: int
    code: str
    message: str
    severity: Severity = "error"
    undefined_name: str = Field("", exclude=True, repr=False)
    """The name that is not defined. All findings about the same name are reported as one."""
    tests_only: bool = Field(False, exclude=True, repr=False)
    """About what only tests read: scenarios, and the examples of systems. It never refuses a catalogue."""

    @property
    def refuses_catalogue(self) -> bool:
        return self.severity == "error" and not self.tests_only

    def of_tests(self) -> Finding:
        """The same finding, about what only tests read."""
        return self.model_copy(update={"tests_only": True})

    def __str__(self) -> str:
        mark = "" if self.severity == "error" else "warning: "
        return f"{self.file}:{self.line}:{self.column}: {mark}{self.message} [{self.code}]"


class InputRejected(Exception):
    """A catalogue or an order cannot be used; `findings` has every reason, errors before warnings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.errors = tuple(finding for finding in findings if finding.severity == "error")
        self.findings = (*self.errors, *(finding for finding in findings if finding.severity != "error"))
        super().__init__("\n".join(str(finding) for finding in self.findings))


class CatalogueInvalid(InputRejected):
    """The definitions have errors, so the catalogue is not used at all."""


class OrderRejected(InputRejected):
    """The order is not valid, or cannot be fulfilled with this catalogue."""


MAX_FINDINGS = 1_000
"""Of one catalogue or order."""
MAX_MESSAGE_LENGTH = 700

_MAX_COMPARED_NAMES, _MAX_KNOWN_NAMES = 2_000, 10_000
"""If more names are known, an unknown one is only compared with those that begin like it, or with none at all."""


_OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "add": ("create", "install", "new", "provide", "provision"),
    "modify": ("alter", "amend", "change", "edit", "replace", "update"),
    "delete": ("cancel", "cease", "disconnect", "remove", "terminate"),
    "no_change": ("keep", "none", "nochange", "noop", "unchanged"),
    "string": ("str", "text"),
    "integer": ("int", "whole"),
    "number": ("decimal", "double", "float", "money"),
    "boolean": ("bool",),
    "datetime": ("time", "timestamp"),
    "list": ("array",),
    "object": ("dict", "map", "mapping"),
    "after": ("depends_on", "needs", "requires"),
}
"""Word of the language → what other systems call it. Spelling alone would suggest `no_change` for `change`."""
_WORDS_HERE = {other: word for word, others in _OTHER_WORDS.items() for other in others}


def did_you_mean(name: str, known: Collection[str]) -> str:
    r"""`; did you mean \`cameras\`?`, or nothing if no known name is similar. Ignores case, `-` and blanks."""
    if len(known) > _MAX_KNOWN_NAMES:
        return ""
    name = name[:100]
    plain = _normalize_name(name)
    if (meant := _WORDS_HERE.get(plain)) in known and plain not in known:
        return f"; did you mean `{meant}`?"
    alike = {_normalize_name(one): one for one in known if len(one) <= 2 * len(name) + 2}
    if len(alike) > _MAX_COMPARED_NAMES:
        alike = {key: one for key, one in alike.items() if key[:1] == plain[:1]}
    near = [plain] if plain in alike else get_close_matches(plain, [*alike][:_MAX_COMPARED_NAMES], n=1, cutoff=0.6)
    return f"; did you mean `{alike[near[0]]}`?" if near else ""


def _normalize_name(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def finding_at(
    location: SourceLocation, code: str, message: str, severity: Severity = "error", undefined_name: str = ""
) -> Finding:
    if len(message) > MAX_MESSAGE_LENGTH:
        message = f"{message[: MAX_MESSAGE_LENGTH - 200]} … {message[-200:]}"
    if not message.isascii():
        message = message.encode("utf-8", "replace").decode()  # Without lone surrogates, which no output can show.
    return Finding(
        file=location.file,
        line=location.line,
        column=location.column,
        code=code,
        message=message,
        severity=severity,
        undefined_name=undefined_name,
    )


def limit_findings(findings: Iterable[Finding], already_found: int = 0) -> list[Finding]:
    """The first findings. If there are more than MAX_FINDINGS, the last one says so: a warning if all are warnings."""
    kept = list(islice(findings, max(MAX_FINDINGS - already_found, 0) + 1))
    if len(kept) + already_found > MAX_FINDINGS:
        last = kept[-1]
        location = SourceLocation(last.file, last.line, last.column)
        message = f"there are more than {MAX_FINDINGS:,} findings: fix these first"
        kept[-1] = finding_at(location, MORE_FINDINGS_CODE, message, "error" if has_errors(kept) else "warning")
    return kept


MORE_FINDINGS_CODE = "findings-left-out"


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Sorts by place, then code. Each finding once; findings about the same undefined name become one.

    A place that cannot be read as YAML has no other findings.
    """
    findings = list(findings)
    unread = {(f.file, f.line, f.column) for f in findings if f.code.startswith("yaml-")}
    unique = {
        (f.file, f.line, f.column, f.code, f.message): f
        for f in findings
        if f.code.startswith("yaml-") or (f.file, f.line, f.column) not in unread
    }
    groups: dict[object, list[Finding]] = {}
    for key in sorted(unique):
        groups.setdefault(unique[key].undefined_name or key, []).append(unique[key])
    return [_merge_occurrences(findings) for findings in groups.values()]


def _merge_occurrences(findings: list[Finding]) -> Finding:
    first, *others = findings
    if not others:
        return first
    places = ", ".join(f"{other.file}:{other.line}" for other in others[:3]) + (", …" if len(others) > 3 else "")
    times = "once more" if len(others) == 1 else f"{len(others)} times more"
    return first.model_copy(update={"message": f"{first.message} (and {times}: {places})"})

"""Warnings that the author of a definition allows: `# allow: CODE` at the end of the line, or in a line above it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.finding_pages.finding_page import finding_codes
from compiler.generation.trouble import TroubleCode
from compiler.source.findings import Finding, SourceLocation, did_you_mean, finding_at, has_errors

GENERATED_CODES = frozenset(code.value for code in TroubleCode)
"""Codes of findings about generated orders: only a search for these can tell whether they are there."""
_MARK = "allow:"
_COMMENT = re.compile(r"#\s*allow:\s*(?P<codes>[\w-]+(?:\s*,\s*[\w-]+)*)")
_CODE = re.compile(r"[\w-]+")


class _Allowance(NamedTuple):
    """One code of a comment."""

    code: str
    comment: SourceLocation
    line: int
    """The line whose warnings it allows."""


def without_allowed(index: DefinitionIndex, findings: list[Finding]) -> list[Finding]:
    """The findings except the warnings that are allowed. Allowances without effect are warnings, too.

    With errors some warnings are left out, so no allowance is judged.
    """
    allowances = [one for one in _allowances(index) if one.code not in GENERATED_CODES]
    return _without(index, findings, allowances, judges=True)


def without_allowed_generated(index: DefinitionIndex, findings: list[Finding], *, is_complete: bool) -> list[Finding]:
    """The same for findings about generated orders. Unless the search for them is complete, no allowance is judged."""
    allowances = [one for one in _allowances(index) if one.code in GENERATED_CODES]
    return _without(index, findings, allowances, judges=is_complete)


def _without(
    index: DefinitionIndex, findings: list[Finding], allowances: list[_Allowance], *, judges: bool
) -> list[Finding]:
    if not allowances:
        return findings
    allowed = {(one.comment.file, one.line, one.code) for one in allowances}
    kept, used = [], set()
    for finding in findings:
        key = (finding.file, finding.line, finding.code)
        if finding.severity == "warning" and key in allowed:
            used.add(key)
        else:
            kept.append(finding)
    if not judges or has_errors(kept) or index.definitions.findings or index.definitions.incomplete:
        return kept
    return kept + [_unused(one) for one in allowances if (one.comment.file, one.line, one.code) not in used]


def _allowances(index: DefinitionIndex) -> Iterator[_Allowance]:
    for file, text in _texts(index).items():
        if _MARK in text:
            yield from _allowances_in(file, text.splitlines())


def _texts(index: DefinitionIndex) -> Mapping[str, str]:
    """File → its text."""
    definitions = index.definitions
    return {
        entry.document.file: entry.document.text
        for namespace in (
            *(definitions.products, definitions.classes, definitions.workstreams, definitions.systems),
            *(definitions.receivers, definitions.retry_policies, definitions.scenarios),
        )
        for entry in namespace.values()
    }


def _allowances_in(file: str, lines: list[str]) -> Iterator[_Allowance]:
    for position, line in enumerate(lines):
        comment = _COMMENT.search(line)
        if comment is None:
            continue
        target = position
        while target < len(lines) - 1 and (not lines[target].strip() or lines[target].lstrip().startswith("#")):
            target += 1
        for code in _CODE.finditer(line, *comment.span("codes")):
            place = SourceLocation(file, position + 1, code.start() + 1)
            yield _Allowance(code[0], place, target + 1)


def _unused(allowance: _Allowance) -> Finding:
    if allowance.code in finding_codes():
        message = f"there is no warning `{allowance.code}` to allow in line {allowance.line}: remove the comment"
    else:
        message = f"there is no finding `{allowance.code}`{did_you_mean(allowance.code, finding_codes())}"
    return finding_at(allowance.comment, "allow-unused", message, "warning")

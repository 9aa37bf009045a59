"""What an edit changed: the findings that are new, and those that are fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.text import Text

from compiler.source.findings import Finding
from views.shared.findings import finding_lines


@dataclass(frozen=True, slots=True)
class FindingChanges:
    new: tuple[Finding, ...]
    fixed: tuple[Finding, ...]


def compare_findings(before: Sequence[Finding], after: Sequence[Finding]) -> FindingChanges:
    """A finding that is only on another line than before is neither new nor fixed."""
    return FindingChanges(tuple(_only_in(after, before)), tuple(_only_in(before, after)))


def _only_in(findings: Iterable[Finding], others: Iterable[Finding]) -> Iterable[Finding]:
    known = Counter(map(_identity, others))
    for finding in findings:
        identity = _identity(finding)
        if known[identity]:
            known[identity] -= 1
        else:
            yield finding


def _identity(finding: Finding) -> tuple[str, str, str]:
    return finding.file, finding.code, finding.message


def change_lines(changes: FindingChanges) -> list[Text]:
    """`fixed:` and `new:`, each with a finding."""
    fixed = [Text.assemble(("fixed: ", "green"), line) for line in finding_lines(changes.fixed)]
    return fixed + [Text.assemble(("new: ", "bold"), line) for line in finding_lines(changes.new)]

"""Findings as lines: `file:line:column: message`, errors in red."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from compiler.source.findings import Finding
from views.shared.value_format import pluralize

SEVERITY_STYLES = {"error": "red", "warning": "yellow"}


def finding_lines(findings: Iterable[Finding]) -> list[Text]:
    """One line for each finding; one without a position names only the file."""
    return [_finding_line(finding) for finding in findings]


def _finding_line(finding: Finding) -> Text:
    position = f"{finding.file}:{finding.line}:{finding.column}" if finding.line else finding.file
    return Text.assemble(
        (f"{position}: ", "bold"),
        ("warning: " if finding.severity == "warning" else "", SEVERITY_STYLES["warning"]),
        (finding.message, "" if finding.severity == "warning" else SEVERITY_STYLES["error"]),
        (f" [{finding.code}]", "bright_black"),
    )


def findings_summary(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    parts = [pluralize(errors, "error")] if errors else []
    return ", ".join(parts + ([pluralize(warnings, "warning")] if warnings else []))

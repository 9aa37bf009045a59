"""Findings as annotations of code hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from compiler.source.findings import Finding, Severity
from views.findings.fingerprints import fingerprints, path_from_here

_GITLAB_SEVERITIES: Mapping[Severity, str] = {"error": "critical", "warning": "minor"}


def github_commands(findings: Sequence[Finding]) -> Iterator[str]:
    """Workflow commands of GitHub Actions: `::error file=F,line=1,col=2,title=CODE::message`."""
    for finding in findings:
        properties = {"file": path_from_here(finding.file)}
        if finding.line:
            properties |= {"line": str(finding.line), "col": str(finding.column)}
        properties["title"] = finding.code
        listed = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
        yield f"::{finding.severity} {listed}::{_escape_data(finding.message)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


def findings_to_gitlab(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """A Code Quality report of GitLab: the subset of Code Climate's format that it reads."""
    return [
        {
            "description": finding.message,
            "check_name": finding.code,
            "fingerprint": fingerprint,
            "severity": _GITLAB_SEVERITIES[finding.severity],
            "location": {"path": path_from_here(finding.file), "lines": {"begin": max(finding.line, 1)}},
        }
        for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]

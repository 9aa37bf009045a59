"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from compiler.finding_pages.finding_page import FindingPage, read_page
from compiler.source.findings import Finding
from views.findings.finding_page import plain_text
from views.findings.fingerprints import fingerprints, path_from_here

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/cs01/schemas/sarif-schema-2.1.0.json"


def findings_to_sarif(findings: Sequence[Finding], version: str) -> dict[str, Any]:
    """One run, with a rule for each code that occurs. `version` is that of the program."""
    codes = sorted({finding.code for finding in findings})
    results = [
        _result(finding, codes.index(finding.code), fingerprint)
        for finding, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]
    driver = {"name": "ordo", "version": version, "rules": [_rule(read_page(code)) for code in codes]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(page: FindingPage) -> dict[str, Any]:
    text = plain_text(page.text)
    return {
        "id": page.code,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": text},
        "help": {"text": text, "markdown": page.markdown},
        "defaultConfiguration": {"level": page.severity},
    }


def _result(finding: Finding, rule_index: int, fingerprint: str) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(path_from_here(finding.file))}}
    if finding.line:
        location["region"] = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": finding.severity,
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"finding/v1": fingerprint},
    }


def _uri(path: str) -> str:
    return PurePath(path).as_uri() if PurePath(path).is_absolute() else quote(PurePath(path).as_posix())

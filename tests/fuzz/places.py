"""Whether each finding has a message and a place inside the file that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from compiler.source.decoding import LINE_BREAK
from compiler.source.findings import Finding


def assert_sound(findings: Iterable[Finding], texts: Mapping[str, str]) -> None:
    """`texts`: the text of each file that a finding may be about."""
    for finding in findings:
        assert finding.message, finding
        assert finding.file in texts, finding
        if finding.line:
            lines = LINE_BREAK.split(texts[finding.file])
            assert finding.line <= len(lines), str(finding)
            assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1, str(finding)

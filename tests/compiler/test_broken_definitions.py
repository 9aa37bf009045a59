"""One mistake in the shipped catalogue gives one finding, at its place, in words that an analyst understands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.compiler.broken_catalogues import make_mistake, read_mistakes

MISTAKES = read_mistakes()


def test_there_are_at_least_sixty_mistakes_of_many_kinds() -> None:
    assert len(MISTAKES) >= 60
    assert len({mistake.code for mistake in MISTAKES.values()}) >= 40


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_gives_its_finding_at_its_place_and_no_other(name: str, tmp_path: Path) -> None:
    mistake = MISTAKES[name]
    place, findings = make_mistake(mistake, tmp_path / "definitions")
    assert [(one.code, one.severity) for one in findings] == [(mistake.code, mistake.severity)], _shown(findings)
    (finding,) = findings
    assert f"{finding.file}:{finding.line}:{finding.column}" == place, _shown(findings)
    assert mistake.words in finding.message, _shown(findings)


def _shown(findings: object) -> str:
    assert isinstance(findings, list)
    return "\n".join(map(str, findings))

"""docs/findings.md and the source agree: every code has its section, and every example is what it says."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from compiler.load_catalogue import check_definitions
from compiler.source.findings import Finding
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n", 1)[0].strip(): part for part in PAGE.split("\n### ")[1:]}
EXAMPLES = {code: re.findall(r"```yaml\n(.*?)```", section, re.DOTALL) for code, section in SECTIONS.items()}
WITH_EXAMPLES = sorted(code for code, examples in EXAMPLES.items() if examples)


def codes_in_source() -> set[str]:
    words = set()
    for path in (ROOT / "compiler").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.update(re.findall(r"\A[a-z]+(?:-[a-z]+)+\Z", node.value))
    return words


def found(folder: Path, text: str) -> list[Finding]:
    folder.mkdir()
    (folder / "file.yaml").write_text(text, encoding="utf-8")
    return check_definitions([folder])


def test_every_finding_code_is_documented() -> None:
    assert codes_in_source() - SECTIONS.keys() == set()


def test_every_documented_code_exists() -> None:
    assert SECTIONS.keys() - codes_in_source() == set()


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_wrong_example_has_only_its_finding(code: str, tmp_path: Path) -> None:
    findings = found(tmp_path / "wrong", EXAMPLES[code][0])
    assert code in {finding.code for finding in findings}
    if any(finding.severity == "error" for finding in findings):
        assert [finding.code for finding in findings if finding.severity == "error"] == [code]


@pytest.mark.parametrize("code", WITH_EXAMPLES)
def test_right_example_has_no_error(code: str, tmp_path: Path) -> None:
    findings = found(tmp_path / "right", EXAMPLES[code][1])
    assert [str(finding) for finding in findings if finding.severity == "error" or finding.code == code] == []


def test_missing_folder_is_a_finding(tmp_path: Path) -> None:
    assert [finding.code for finding in check_definitions([tmp_path / "nowhere"])] == ["folder-missing"]


def test_missing_file_is_a_finding(tmp_path: Path) -> None:
    assert [finding.code for finding in check_definitions([tmp_path / "nowhere.yaml"])] == ["file-missing"]


def test_empty_folder_is_a_warning(tmp_path: Path) -> None:
    assert [(finding.code, finding.severity) for finding in check_definitions([tmp_path])] == [
        ("catalogue-empty", "warning")
    ]


def test_cycle_of_symbolic_links_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "back").symlink_to(tmp_path)
    assert "folder-circle" in {finding.code for finding in check_definitions([tmp_path])}


def test_link_to_itself_and_pipe_are_findings(tmp_path: Path) -> None:
    (tmp_path / "self.yaml").symlink_to(tmp_path / "self.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    assert [finding.code for finding in check_definitions([tmp_path])] == ["file-unreadable", "file-unreadable"]


@pytest.mark.parametrize("raw", [b"kind: \xff\xfe", b"kind: a\x00b", "id: 1".encode("utf-16")])
def test_text_that_is_not_utf_8_or_contains_nul_is_a_finding(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_bytes(raw)
    assert [finding.code for finding in check_definitions([tmp_path])] == ["yaml-encoding"]


def test_file_that_is_too_large_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("# " + "x" * (17 * 1024 * 1024), encoding="utf-8")
    assert [finding.code for finding in check_definitions([tmp_path])] == ["file-too-large"]

"""Files and folders that cannot be read are findings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.load_catalogue import check_definitions


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

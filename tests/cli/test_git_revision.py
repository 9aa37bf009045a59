"""The git commit that is recorded with a published folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.user_input.git_revision import git_revision


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "offer.yaml").write_text("kind: nothing\n")
    return folder


def test_commit_and_edits_of_the_folder_are_told(folder: Path) -> None:
    assert git_revision(folder) is None, "there is no commit yet"
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    commit = git(folder, "rev-parse", "HEAD")
    (folder.parent / "elsewhere.txt").write_text("not part of the folder")
    assert git_revision(folder) == commit
    (folder / "new.yaml").write_text("kind: nothing\n")
    assert git_revision(folder) == f"{commit}, edited"


def test_a_folder_outside_git_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert git_revision(tmp_path / "missing") is None
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_revision(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert git_revision(tmp_path) is None

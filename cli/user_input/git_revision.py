"""The commit of a folder of definitions, where it is under git."""

from __future__ import annotations

import subprocess
from pathlib import Path

GIT_TIMEOUT = 5.0
"""Seconds."""


def git_revision(folder: Path) -> str | None:
    """The SHA of the commit that is checked out, with `, edited` if files of the folder differ from it.

    None without git, outside a repository, and before the first commit.
    """
    commit = _run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return None
    changes = _run_git(folder, "status", "--porcelain", "--", ".")
    return f"{commit}, edited" if changes or changes is None else commit


def _run_git(folder: Path, *arguments: str) -> str | None:
    """What git prints. None if it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=GIT_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None

"""`make` on a fresh machine: finds a Python, says what is missing, does nothing twice."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

MAKE_VENV = ROOT / "stack" / "make_venv.sh"
OLD_PYTHON = "#!/bin/sh\nexit 1\n"  # as one that is too old answers the question for its version


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(command, cwd=cwd, env=inherited | environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def old_pythons(tmp_path: Path) -> Path:
    """A folder for PATH in which every Python is too old."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python3", "python", *(f"python3.{minor}" for minor in range(11, 15))):
        (folder / name).write_text(OLD_PYTHON)
        (folder / name).chmod(0o755)
    return folder


def test_without_a_recent_python_it_says_so_and_what_to_do(tmp_path: Path, old_pythons: Path) -> None:
    done = run("/bin/sh", str(MAKE_VENV), ".venv", cwd=tmp_path, PATH=str(old_pythons), PYTHON="")
    assert done.returncode != 0
    assert "No Python 3.11 or newer was found" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_named_python_that_is_too_old_is_refused(tmp_path: Path, old_pythons: Path) -> None:
    old = str(old_pythons / "python3")
    done = run("/bin/sh", str(MAKE_VENV), ".venv", cwd=tmp_path, PYTHON=old)
    assert done.returncode != 0
    assert f"PYTHON={old} is not a Python 3.11 or newer" in done.stderr


def test_a_second_run_installs_nothing(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    stamp = tmp_path / ".venv" / ".installed"
    stamp.parent.mkdir()
    stamp.touch()
    assert run("make", "--question", "setup", cwd=tmp_path).returncode == 0
    os.utime(tmp_path / "requirements.lock", (stamp.stat().st_mtime + 5,) * 2)
    assert run("make", "--question", "setup", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("target", ["demo", "up", "test", "lint", "bench"])
def test_a_target_runs_in_the_environment_that_it_makes(tmp_path: Path, target: str) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    lines = run("make", "--dry-run", target, cwd=tmp_path).stdout.splitlines()
    assert any("make_venv.sh .venv" in line for line in lines)
    assert all(line.startswith(".venv/bin/") for line in lines if "touch" not in line and "make_venv" not in line)


def test_ci_fails_where_lint_or_tests_fail(tmp_path: Path) -> None:
    """With a Chromium on the PATH, so that it installs none."""
    (tmp_path / ".ci").mkdir()
    shutil.copy2(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "chromium").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    for failing in (None, "lint", "test-browser", "test"):
        rules = [f"{each}:\n\t@{'false' if each == failing else 'true'}\n" for each in ("lint", "test-browser", "test")]
        (tmp_path / "Makefile").write_text("".join(rules))
        assert (run("bash", ".ci/run", cwd=tmp_path, PATH=path).returncode != 0) == (failing is not None), failing


def test_browser_tests_install_what_drives_the_browser_after_everything_else(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "requirements-browser.lock", "pyproject.toml"):
        shutil.copy2(ROOT / name, tmp_path)
    lines = run("make", "--dry-run", "test-browser", cwd=tmp_path).stdout.splitlines()
    made, installed, tested = (
        next(number for number, line in enumerate(lines) if part in line)
        for part in ("make_venv.sh .venv", "requirements-browser.lock", "pytest tests/browser")
    )
    assert made < installed < tested

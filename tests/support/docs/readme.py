"""The README as a person follows it: files that it tells to save, commands that it tells to run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = re.compile(r"`((?:definitions|orders)/[\w/]+\.yaml)`:\n\n```yaml\n(.*?)```", re.DOTALL)
SECTION = README.split("## Add an offer in five minutes")[1].split("\n## ")[0]


def saved_files() -> dict[str, str]:
    """Path → text of what the section on adding an offer says to save."""
    return dict(FILES.findall(SECTION))


def commands() -> list[list[str]]:
    """What it says to run, without `python starter.py`."""
    return [line.split()[2:] for line in SECTION.splitlines() if line.startswith("python starter.py ")]


def copied(folder: Path) -> Path:
    """A copy of definitions and orders to which a reader's files can be added."""
    for name in ("definitions", "orders"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def save_files(folder: Path) -> None:
    for name, text in saved_files().items():
        (folder / name).write_text(text, encoding="utf-8")

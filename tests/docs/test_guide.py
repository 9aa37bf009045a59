"""docs/guide.md: a reader who follows it from start to end sees what it shows."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.options import free_port
from tests.support.command_line import call
from tests.support.docs import readme
from tests.support.docs.doc_pages import Block, blocks_of, is_shown
from tests.support.paths import ROOT
from tests.support.started_stack import LONGEST, Up, free_ports

GUIDE = blocks_of(ROOT / "docs" / "guide.md")
WITH_SERVER = {"start", "tasks", "complete", "watch", "publish", "versions"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed copy of the sample catalogue and its orders, which is the current folder."""
    folder = readme.copied(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Reader")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "reader@example.com")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "The sample catalogue"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stack() -> Iterator[list[Up]]:
    """Empty until the guide starts one."""
    started: list[Up] = []
    yield started
    for up in started:
        up.close()


def test_every_file_and_command_of_the_guide(folder: Path, stack: list[Up]) -> None:
    for block in GUIDE:
        if block.saved_as:
            _save(block, folder / block.saved_as)
        for words, shown in block.commands():
            if words[0] == "up":
                stack.append(_started(folder, words[1:]))
            elif block.language == "console":
                _run(block, words, shown, stack)


def _started(folder: Path, options: list[str]) -> Up:
    return Up(folder, free_ports(), more=(*options, "--pretend-port", str(free_port()))).ready()


def _save(block: Block, file: Path) -> None:
    if block.is_continued:
        file.write_text(f"{file.read_text()}---\n{block.text}", encoding="utf-8")
    else:
        file.write_text(block.text, encoding="utf-8")


def _run(block: Block, words: list[str], shown: str, stack: list[Up]) -> None:
    where = ["--address", stack[0].address] if words[0] in WITH_SERVER else []
    ends = time.monotonic() + LONGEST
    called = call(*words, *where)
    # A reader repeats `tasks` until the dealer has called back.
    while words[0] == "tasks" and not is_shown(shown, called.out) and time.monotonic() < ends:
        time.sleep(0.5)
        called = call(*words, *where)
    assert is_shown(shown, called.out), f"{block}: {' '.join(words)}\n{called.out}{called.err}"

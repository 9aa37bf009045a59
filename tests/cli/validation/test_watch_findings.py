"""`validate --watch`, as a process of its own: what it prints after each edit, and how it ends."""

from __future__ import annotations

import os
import pty
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.support.command_line import call, command
from tests.support.paths import ROOT

OFFER = "kind: commercial_product\nid: offer\nsteps: {go: {milestone: true}}\n"
ORDER = "id: O-1\ncustomer: {id: C-1}\nlines: [{id: '1', product: offer}]\n"


class Watching:
    """A watching process, whose lines are read as they come."""

    def __init__(self, process: subprocess.Popen[str], output: IO[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(output,), daemon=True).start()

    def _read(self, output: IO[str]) -> None:
        try:
            for line in output:
                self._lines.put(line.rstrip())
        except OSError:  # a terminal whose process has ended
            pass

    def until(self, text: str) -> list[str]:
        """The lines up to the first that contains the text."""
        lines: list[str] = []
        while not lines or text not in lines[-1]:
            lines.append(self._lines.get(timeout=20))
        return lines


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "offer.yaml").write_text(OFFER)
    (tmp_path / "order.yaml").write_text(ORDER)
    return folder


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    arguments = command("validate", "--definitions", folder, "--watch", folder, folder.parent / "order.yaml")
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Watching(process, process.stdout)
        finally:
            process.kill()


def _replace(file: Path, text: str) -> None:
    """At once, as editors do, so that nobody reads half of it."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_each_edit_is_answered_with_what_it_changed(watching: Watching, folder: Path) -> None:
    file, order = folder / "offer.yaml", folder.parent / "order.yaml"
    assert len(watching.until("valid, no findings")) == 1
    _replace(file, OFFER.replace("milestone", "mile_stone"))
    heading, *new, summary = watching.until("1 error")
    assert f"{file} changed" in heading
    assert new[0].startswith(f"new: {file}:3:14: there is no key `mile_stone`")
    _replace(file, "# moved\n" + OFFER.replace("milestone", "mile_stone"))
    assert len(watching.until("1 error")) == 2
    _replace(file, OFFER)
    _, fixed, summary = watching.until("no findings")
    assert fixed.startswith(f"fixed: {file}:4:14: there is no key `mile_stone`")
    assert summary.endswith("valid, no findings")
    _replace(order, ORDER.replace("product: offer", "product: other"))
    assert watching.until("1 error")[1].startswith(f"new: {order}:3:28: ")
    _replace(folder / "new.yaml", OFFER.replace("id: offer", "id: other"))
    assert watching.until("no findings")[1].startswith("fixed: ")


def test_interrupt_ends_it(watching: Watching) -> None:
    watching.until("no findings")
    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(20) == 130


def test_terminal_is_cleared_and_shows_all_findings(folder: Path) -> None:
    (folder / "other.yaml").write_text("kind: commercial_product\nid: other\n")
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "300"}
    arguments = command("validate", "--definitions", folder, "--watch")
    with subprocess.Popen(arguments, cwd=ROOT, stdout=slave, stderr=slave, text=True, env=environment) as process:
        os.close(slave)
        watching = Watching(process, os.fdopen(master, encoding="utf-8", errors="replace"))
        try:
            watching.until("1 warning")
            _replace(folder / "offer.yaml", OFFER.replace("milestone", "mile_stone"))
            shown = watching.until("Ctrl-C") + watching.until("Ctrl-C")
            assert any("\x1b[2J" in line for line in shown)
            assert any("there is no key `mile_stone`" in line for line in shown)
        finally:
            process.kill()


def test_other_output_and_standard_input_are_refused(folder: Path) -> None:
    refused = call("validate", "--definitions", folder, "--watch", "-o", "json")
    assert (refused.status, "leave out -o" in refused.err) == (2, True)
    refused = call("validate", "--definitions", folder, "--watch", "-", stdin=ORDER)
    assert (refused.status, "standard input has no edits" in refused.err) == (2, True)

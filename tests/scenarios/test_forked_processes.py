"""Processes that are forked from one that has used Temporal, or another native library."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from compiler.source.garbage_collection import promote_gc_generation
from scenarios.forked_processes import forked_processes, useful_processes

pytestmark = pytest.mark.skipif(useful_processes() < 2, reason="nothing is forked here")


class Native:
    """Like a client of Temporal: it must be released where its threads are."""

    def __init__(self, released_in: Path) -> None:
        self.released_in = released_in
        self.own = self
        """A cycle: only the garbage collector releases it."""

    def __del__(self) -> None:
        with self.released_in.open("a") as file:
            file.write(f"{os.getpid()}\n")


def collect_garbage(_number: int) -> tuple[int, bool]:
    """The process, and whether it collects garbage by itself. It has loaded a catalogue before."""
    promote_gc_generation()
    gc.collect()
    return os.getpid(), gc.isenabled()


def test_a_forked_process_leaves_the_garbage_of_the_first_alone(tmp_path: Path) -> None:
    released_in = tmp_path / "released"
    gc.disable()
    try:
        Native(released_in)
        with forked_processes(2) as pool:
            collected = list(pool.map(collect_garbage, range(4)))
    finally:
        gc.enable()
    assert all(is_enabled for _, is_enabled in collected)
    assert os.getpid() not in {process for process, _ in collected}
    assert not released_in.exists()
    gc.collect()
    assert released_in.read_text() == f"{os.getpid()}\n"

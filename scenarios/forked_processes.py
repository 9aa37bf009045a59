"""Processes that are forked from this one, and so inherit what it has loaded: nothing is copied."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from compiler.source.garbage_collection import freeze_existing_objects, gc_paused

MOST_PROCESSES = 8


def useful_processes() -> int:
    """How many are worth starting here; 1 where the operating system cannot fork."""
    return min(os.cpu_count() or 1, MOST_PROCESSES) if "fork" in multiprocessing.get_all_start_methods() else 1


@contextmanager
def forked_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Forks `count` processes. They have what is in memory now, and end with the block.

    They never collect garbage of this process: what belongs to a native library, such as a client of Temporal, would
    wait for threads that a forked process does not have.
    """
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("fork"), _begin)
    try:
        with gc_paused():
            pool.submit(_do_nothing)  # starts all processes
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Ctrl-C reaches every process of a terminal; the one that started the others ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    freeze_existing_objects()
    gc.enable()


def _do_nothing() -> None:
    pass

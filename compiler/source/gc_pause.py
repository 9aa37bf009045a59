"""Python's search for cycles, paused while much is made at once and hardly a cycle is: it would take half the time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Safe in threads: at worst a collection runs while another thread still makes something."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()

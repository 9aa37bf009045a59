"""Keeps the garbage collector from looking, again and again, at many objects that stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_keeps_frozen = False
"""Whether what is frozen must stay so. `gc.get_freeze_count` would count all that is frozen, which takes long."""


@contextmanager
def gc_paused() -> Iterator[None]:
    """While many objects without cycles are created, collections would take half of the time.

    Safe in threads: at worst a collection runs while another thread still creates objects.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def promote_gc_generation() -> None:
    """Moves all objects to the oldest generation, so that the next collections do not scan the new catalogue.

    Worth it because a catalogue is created seldom and kept long. After `freeze_existing_objects` nothing is moved: that
    would thaw what is frozen.
    """
    if not _keeps_frozen:
        gc.freeze()
        gc.unfreeze()


def freeze_existing_objects() -> None:
    """No collection looks at what exists now, nor frees cycles among it."""
    global _keeps_frozen
    gc.freeze()
    _keeps_frozen = True


def freeze_loaded_objects(thresholds: tuple[int, int, int]) -> None:
    """For a server, once it has loaded all: collections do not scan what exists now, and come at these thresholds.

    A full collection scans some hundred thousand objects for nothing, and holds up all that runs. Frozen objects are
    freed as before, except cycles among them. So call it before the first order, or the first request: a workflow that
    is frozen while it runs is a cycle.
    """
    gc.collect()
    freeze_existing_objects()
    gc.set_threshold(*thresholds)

"""Keeps the garbage collector away from what a worker has loaded."""

from __future__ import annotations

import gc

THRESHOLDS = (5_000, 10, 10)
"""Orders make many objects that live for seconds. With Python's own thresholds they are looked at seven times as often
before they go. What only a collection frees, workflows that left the cache, waits for some 500,000 new objects."""


def freeze_loaded_objects() -> None:
    """From now on, collections are rare, and do not scan what exists now: modules, models, the catalogue.

    A full collection of a worker scans some hundred thousand objects for nothing, and holds every order up meanwhile.
    Frozen objects are freed as before, except cycles among them. So call it before the worker takes orders: a workflow
    that is frozen while it runs is a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

"""Keeps the garbage collector away from what a worker has loaded."""

from __future__ import annotations

import gc


def freeze_loaded_objects() -> None:
    """Collections do not scan the objects that exist now: modules, models, the catalogue. They are freed as before,
    except cycles among them.

    A full collection of a worker scans some hundred thousand objects for nothing, and holds every order up meanwhile.
    Call it before the worker takes orders: a workflow that is frozen while it runs is a cycle that is never freed.
    """
    gc.collect()
    gc.freeze()

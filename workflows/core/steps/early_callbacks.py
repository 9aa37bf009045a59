"""Early callbacks: they arrive before the response of their call, and are kept until it has arrived.

Whether a callback is early is decided in execution/callback_matching.py.
"""

from __future__ import annotations

from typing import Any

from workflows.core.state.step_run import StepRun, UndoRun


def keep_early_callback(work: StepRun | UndoRun, payload: Any) -> None:
    """Keep a callback, because the call's response has not arrived. `work` is the step or its undo."""
    work.early_callback = (payload,)


def take_early_callback(step: StepRun) -> Any:
    """Take the payload of the step's early callback. None if there is none."""
    callback, step.early_callback = step.early_callback, None
    return callback[0] if callback else None

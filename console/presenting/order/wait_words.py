"""What a step waits for, without the expressions of its definition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from console.presenting.error_words import error_words
from workflows.contract.order_views import ErrorView, StepView
from workflows.contract.step_facts import is_undo_under_way

_POLL = re.compile(r"waits for `(?P<code>.*)`, asking (?P<system>\S+)(?P<pace> every \S+)?", re.S)
_CONDITION = re.compile(r"waits for condition `(?P<code>.*)`(?P<note> \(.*\))?", re.S)
_KEY = re.compile(r"(?<=^event )(?P<names>.+?) with key .*", re.S)
"""As workflows/core/queries/order_view.py describes them."""


class WaitWords(NamedTuple):
    text: str
    condition: str = ""
    """The expression that decides, for those who know the definition."""


def wait_words(text: str, step: StepView | None) -> WaitWords:
    """`text`: as a blocker says it."""
    if found := _POLL.fullmatch(text):
        return WaitWords(f"asks {found['system']}{found['pace'] or ''} whether it is done", found["code"])
    if found := _CONDITION.fullmatch(text):
        return WaitWords(f"waits for a condition of its definition{found['note'] or ''}", found["code"])
    error = _error(step)
    return WaitWords(text.replace(f"({error.code}: {error.message})", f"– {error_words(error)}") if error else text)


def _error(step: StepView | None) -> ErrorView | None:
    if step is None:
        return None
    return step.undo.error if step.undo is not None and is_undo_under_way(step) else step.error


def without_key(waits_for: str | None) -> str | None:
    """`event delivered` of `event delivered with key TRK-1`: steps that wait for the same kind of event are alike."""
    return _KEY.sub(r"\g<names>", waits_for) if waits_for is not None else None


def shared_wait(text: str, steps: Sequence[StepView]) -> str:
    """What several alike steps wait for, in the words of the first one."""
    first = steps[0].waits_for if steps else None
    if first is None or len({step.waits_for for step in steps}) == 1:
        return text
    return text.replace(first, f"{without_key(first)}, each with its own key")

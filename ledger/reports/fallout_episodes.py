"""When steps of an order were in fallout, and what ended it, from the order's history. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ledger.reports.model.fallout_report import Resolution
from workflows.contract import actions

ENTRY_BEGINNINGS = ("in fallout: ", "its undo in fallout: ")
"""What the entry begins with that says so. An error code follows."""


class FalloutEntry(NamedTuple):
    """An entry of an order's history, with what is known of the step now."""

    at: datetime
    what: str
    step_id: str | None
    system: str | None
    attempts: int
    is_open: bool
    """The step is in fallout now."""
    step_ended_at: datetime | None


class Episode(NamedTuple):
    system: str | None
    code: str
    began_at: datetime
    attempts: int
    resolution: Resolution
    ended_at: datetime | None
    """None: it is open, or nobody knows."""


_BY_STEP = {
    "retried automatically": Resolution.RETRIED_AUTOMATICALLY,
    actions.RETRY.past_tense: Resolution.RETRIED,
    actions.COMPLETE.past_tense: Resolution.COMPLETED,
    actions.SKIP.past_tense: Resolution.SKIPPED,
    actions.REDO.past_tense: Resolution.REDONE,
    actions.PROCEED.past_tense: Resolution.OTHER,
}
"""What an entry about the step begins with, longer beginnings first."""
_BY_ORDER = {
    actions.REDO.past_tense: Resolution.REDONE,
    actions.ROLLBACK.past_tense: Resolution.ROLLED_BACK,
    actions.CANCEL.past_tense: Resolution.CANCELLED,
    actions.AMEND.past_tense: Resolution.OTHER,
}
"""What an entry about the order, or about another step, begins with. It ends the fallout if nothing about the step
does, and the step is not in fallout any more."""


def find_episodes(history: Sequence[FalloutEntry]) -> Iterator[Episode]:
    """In the order in which they began. `history` is that of one order, the oldest entry first."""
    for position, entry in enumerate(history):
        if (code := _fallout_code(entry)) is None:
            continue
        following = [*_until_next_fallout(history, position)]
        has_next = position + len(following) + 1 < len(history)
        own = _first(following, _BY_STEP, entry.step_id)
        elsewhere = _first(following, _BY_ORDER, None)
        is_over = has_next or not entry.is_open
        ended = own or (elsewhere if is_over else None)
        if ended is not None:
            yield Episode(entry.system, code, entry.at, entry.attempts, *ended)
        elif not is_over:
            yield Episode(entry.system, code, entry.at, entry.attempts, Resolution.OPEN, None)
        elif not has_next:
            at = entry.step_ended_at if entry.step_ended_at and entry.step_ended_at >= entry.at else None
            yield Episode(entry.system, code, entry.at, entry.attempts, Resolution.OTHER, at)


def _fallout_code(entry: FalloutEntry) -> str | None:
    return next((entry.what.removeprefix(text) for text in ENTRY_BEGINNINGS if entry.what.startswith(text)), None)


def _until_next_fallout(history: Sequence[FalloutEntry], position: int) -> Iterator[FalloutEntry]:
    """The entries until the same step is in fallout again."""
    step_id = history[position].step_id
    for entry in history[position + 1 :]:
        if entry.step_id == step_id and _fallout_code(entry) is not None:
            return
        yield entry


def _first(
    entries: Sequence[FalloutEntry], resolutions: dict[str, Resolution], step_id: str | None
) -> tuple[Resolution, datetime] | None:
    """The first entry that says so; with `step_id`, about this step."""
    for entry in entries:
        if step_id is None or entry.step_id == step_id:
            for text, resolution in resolutions.items():
                if entry.what.startswith(text):
                    return resolution, entry.at
    return None

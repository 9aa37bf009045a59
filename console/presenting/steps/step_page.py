"""One step as its page shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from compiler.values import as_text
from console.presenting.actions.action_words import under_way_word
from console.presenting.actions.suggestions import step_url
from console.presenting.error_words import error_words
from console.presenting.order.wait_words import wait_words
from operations.blockers.order_blockers import Blocker, find_blockers
from operations.blockers.step_blocker import format_time
from views.shared.value_format import in_words
from workflows.contract.action_checks import StepDetails
from workflows.contract.order_views import HistoryEntry, OrderView, StepView, UndoView
from workflows.contract.states import SETTLED, Jeopardy, StepState
from workflows.contract.step_facts import effective_state, is_open, is_undo_under_way, time_limit

if TYPE_CHECKING:
    from ledger.reading.single_order.attempts import StoredAttempt

MAX_NEIGHBOURS = 40
"""Steps before or after that are listed; the rest is counted."""
MAX_HISTORY = 50
MAX_TEXT = 100_000
"""Characters of input or output that a page shows."""


@dataclass(frozen=True, slots=True)
class StepLink:
    number: int
    id: str
    summary: str
    state: StepState
    url: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    steps: Sequence[StepLink]
    more: int


@dataclass(frozen=True, slots=True)
class Timed:
    label: str
    at: datetime
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class StepPage:
    step: StepView
    state: StepState
    """The undo's while it is under way."""
    state_note: str
    """`retrying`, `undo`; empty if the state says all."""
    sentences: Sequence[str]
    """What it waits for, and whose move it is; or how it ended."""
    error: str
    """Of its last failure."""
    undo: UndoView | None
    undo_error: str
    times: Sequence[Timed]
    attempts: Sequence[StoredAttempt] | None
    """None: they are not known, because there is no ledger."""
    output: str
    """JSON; empty if there is none."""
    input: str
    input_missing: str
    undo_input: str
    before: Neighbours
    after: Neighbours
    history: Sequence[HistoryEntry]
    """The newest first."""

    @property
    def is_open(self) -> bool:
        return self.state not in SETTLED


def step_page(
    order: OrderView,
    steps: Sequence[StepView],
    step: StepView,
    details: StepDetails | None,
    attempts: Sequence[StoredAttempt] | None,
    now: datetime,
) -> StepPage:
    state = effective_state(step)
    history = [entry for entry in reversed(order.history) if entry.step == step.id]
    undo = step.undo
    return StepPage(
        step=step,
        state=state,
        state_note=_state_note(step, state, history),
        sentences=_sentences(order, steps, step),
        error=error_words(step.error),
        undo=undo,
        undo_error=error_words(undo.error if undo else None),
        times=_times(step, now),
        attempts=attempts,
        output=json_text(step.output),
        input=json_text(details.input if details else None),
        input_missing=details.input_missing if details else "No worker answers, and only the order itself knows.",
        undo_input=json_text(details.undo_input if details else None),
        before=_neighbours(order, [each for each in steps if each.id in set(step.after)]),
        after=_neighbours(order, [each for each in steps if step.id in each.after]),
        history=history[:MAX_HISTORY],
    )


def _state_note(step: StepView, state: StepState, history: Sequence[HistoryEntry]) -> str:
    by_people = [entry for entry in history if entry.by is not None]
    word = under_way_word(by_people[0].what, state, SETTLED) if by_people else None
    notes = [word.lower() if word else "", "undo" if is_undo_under_way(step) else ""]
    return ", ".join(filter(None, notes))


def _sentences(order: OrderView, steps: Sequence[StepView], step: StepView) -> list[str]:
    if not is_open(step):
        at = f" at {format_time(step.ended_at)}" if step.ended_at else ""
        return [f"{in_words(step.state).capitalize()}{at}; it waits for nothing."]
    by_id = {each.id: each for each in steps}
    return [_sentence(blocker, by_id.get(blocker.step or ""), step) for blocker in find_blockers(order, steps, step)]


def _sentence(blocker: Blocker, waiting: StepView | None, step: StepView) -> str:
    """Without the error of the step itself, which stands above it."""
    words = wait_words(blocker.waits_for, waiting).text
    errors = [step.error, step.undo.error if step.undo else None] if waiting is step else []
    for error in filter(None, errors):
        words = words.replace(f" – {error_words(error)}", "")
    return _without_name(replace(blocker, waits_for=words).sentence, step)


def _without_name(sentence: str, step: StepView) -> str:
    """The page's heading names the step already."""
    text = sentence.removeprefix(f"Step {step.number} ({step.id}) ")
    return text if text == sentence else text[:1].upper() + text[1:]


def _times(step: StepView, now: datetime) -> list[Timed]:
    limit = time_limit(step)
    is_stuck = effective_state(step) is StepState.FATALLY_FAILED
    is_over = step.state in SETTLED and not is_undo_under_way(step)
    named = (
        ("Started", step.started_at, False),
        ("Ended", step.ended_at, False),
        ("Expected start", step.expected_start if step.started_at is None else None, False),
        ("Expected end", None if step.ended_at or is_stuck else step.expected_end, False),
        ("Next attempt", step.next_attempt_at, False),
        ("Must end by" if limit else "Continues at", None if is_over else step.due, bool(limit and limit < now)),
        ("Late by its SLA at", step.late_at, step.jeopardy is Jeopardy.LATE),
        ("Undo: next attempt", step.undo.next_attempt_at if step.undo else None, False),
        ("Undo: must end by", step.undo.due if step.undo else None, False),
    )
    return [Timed(label, at, is_late) for label, at, is_late in named if at is not None]


def _neighbours(order: OrderView, steps: Sequence[StepView]) -> Neighbours:
    links = [
        StepLink(each.number, each.id, each.summary or each.name, each.state, step_url(order.order_id, each.number))
        for each in steps[:MAX_NEIGHBOURS]
    ]
    return Neighbours(links, len(steps) - len(links))


def json_text(value: Any) -> str:
    """Indented JSON, shortened; empty for None."""
    if value is None:
        return ""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=as_text)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n… ({len(text) - MAX_TEXT:,} more characters)"


def kind_text(step: StepView) -> str:
    """`call of crm`, `task of field_ops`, `event`."""
    of = step.system if step.kind == "call" else step.queue if step.kind == "manual" else None
    word = {"manual": "task"}.get(step.kind, in_words(step.kind))
    return f"{word} of {of}" if of else word

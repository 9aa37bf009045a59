"""Whose move it is: what an order waits for, with what waits for the same put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.presenting.order.wait_words import shared_wait, wait_words, without_key
from operations.blockers.order_blockers import Blocker
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState
from workflows.contract.step_facts import effective_state

MAX_MOVES = 5
"""The heading shows so many; the others are counted."""
MAX_STEPS_NAMED = 12


@dataclass(frozen=True)
class Move:
    """One thing, or several of the same kind, that the order waits for."""

    title: str
    """The step, or steps, in the words of the definition. Empty if no step waits."""
    state: StepState | None
    """The step's, or its undo's. None if no step waits."""
    waits_for: str
    """A sentence, without time and full stop."""
    condition: str
    """The expression of the definition that it waits for; empty if it waits for none."""
    since: datetime | None
    """The earliest."""
    responsible: str
    """Fits "It is … move": `a person's`, `the called system's`."""
    unblocked_by: str
    blocked_step_count: int
    other_order_details: Sequence[str]
    steps: Sequence[StepView]
    """At most MAX_STEPS_NAMED of them."""
    step_count: int
    blocker: Blocker
    """The first of its kind."""

    @property
    def is_for_people(self) -> bool:
        return self.responsible not in _NOT_PEOPLE


_NOT_PEOPLE = frozenset(
    {"the engine's", "the clock's", "the worker's", "the called system's", "another system's", "the other order's"}
)


def order_moves(blockers: Sequence[Blocker], steps: Iterable[StepView]) -> list[Move]:
    """In the order of the blockers. Steps of the same name that wait for the same are one move."""
    by_id = {step.id: step for step in steps}
    kinds: dict[tuple[object, ...], list[Blocker]] = {}
    for blocker in blockers:
        kinds.setdefault(_kind(blocker, by_id.get(blocker.step or "")), []).append(blocker)
    return [_move(alike, by_id) for alike in kinds.values()]


def _kind(blocker: Blocker, step: StepView | None) -> tuple[object, ...]:
    if step is None or blocker.other_order_details:
        return (blocker.step, blocker.waits_for)
    error = step.error.code if step.error else None
    return (
        step.workstream_name,
        step.name,
        effective_state(step),
        blocker.responsible,
        error,
        without_key(step.waits_for),
    )


def _move(alike: Sequence[Blocker], by_id: Mapping[str, StepView]) -> Move:
    first = alike[0]
    steps = [step for step in (by_id.get(blocker.step or "") for blocker in alike) if step is not None]
    since = [blocker.since for blocker in alike if blocker.since is not None]
    words = wait_words(shared_wait(first.waits_for, steps), steps[0] if steps else None)
    return Move(
        title=_title(steps),
        state=effective_state(steps[0]) if steps else None,
        waits_for=_as_sentence(words.text),
        condition=words.condition,
        since=min(since, default=None),
        responsible=first.responsible,
        unblocked_by=first.unblocked_by,
        blocked_step_count=max(blocker.blocked_step_count for blocker in alike),
        other_order_details=first.other_order_details,
        steps=steps[:MAX_STEPS_NAMED],
        step_count=len(steps),
        blocker=first,
    )


def _title(steps: Sequence[StepView]) -> str:
    if not steps:
        return ""
    first = steps[0]
    if len(steps) == 1:
        return first.summary or first.name
    name = first.workstream_name or first.workstream
    return f"{name} · {first.name}"


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

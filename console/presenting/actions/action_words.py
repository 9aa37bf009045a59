"""Operator actions in the words of buttons and headings."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.contract import actions
from workflows.contract.actions import ActionSpec
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

LABELS: Mapping[str, str] = {
    actions.PROCEED.name: "Continue without waiting",
    actions.RESCHEDULE.name: "Move its time",
    actions.EXTEND.name: "Give more time",
    actions.REDO.name: "Redo from here",
    actions.CANCEL.name: "Cancel order",
    actions.ROLLBACK.name: "Roll back",
    actions.AMEND.name: "Amend order",
    actions.NOTE.name: "Add a note",
    actions.SET.name: "Set characteristics",
}
"""Actions that the word of their name does not explain."""
UNDER_WAY: Mapping[str, str] = {
    actions.RETRY.past_tense: "Retrying",
    actions.REDO.past_tense: "Redoing",
    actions.PROCEED.past_tense: "Continuing",
}
"""How a step's history says that it was tried again → what is shown until it settles."""
DANGEROUS = frozenset({actions.CANCEL.name, actions.ROLLBACK.name, actions.REDO.name, actions.SKIP.name})
"""They take something back, or leave something out: their buttons are marked."""


def action_label(spec: ActionSpec) -> str:
    return LABELS.get(spec.name, spec.name.capitalize())


def done_words(message: str, order_id: str, step: StepView | None) -> str:
    """`Step 11 (visit.install@1) was completed` → `Installation visit · Install on site (step 11 of order HS-1) was
    completed`. Other messages stay as they are."""
    begin = f"Step {step.number} ({step.id})" if step is not None else ""
    if step is None or not message.startswith(begin):
        return message
    return f"{step.summary or step.name} (step {step.number} of order {order_id}){message.removeprefix(begin)}"


def under_way_word(what: str, state: StepState, settled: frozenset[StepState]) -> str | None:
    """The word for a step whose last entry in the history is `what`. None if that has come to its end."""
    if state in settled or state is StepState.FATALLY_FAILED:
        return None
    return next((word for past, word in UNDER_WAY.items() if what.startswith(past)), None)

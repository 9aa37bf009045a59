"""What a step's definition says, in the few words that a card of the plan has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compiler.language.steps import UndoDefinition
from compiler.plan.plan import PlannedDefinition
from views.plan.picture.step_facts import definition_facts, describe_failures, describe_retry, describe_undo
from views.plan.step_text import describe_action

TOLD_OTHERWISE = frozenset({"Does", "Instructions", "Form", "Undo", "Point of no return"})
"""Facts that the step's own page has at length, or that its card shows by a sign."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    texts: tuple[tuple[str, str], ...]
    """Label and text, in the order in which they are shown: `Does`, `call inventory`."""
    is_final: bool
    """Whether it is a point of no return."""
    has_undo: bool


def step_facts(planned: PlannedDefinition, all_planned: Sequence[PlannedDefinition]) -> StepFacts:
    """`all_planned`: the definitions of the whole plan, of which rework names others."""
    definition = planned.definition
    texts = [("Does", describe_action(definition))]
    texts += [fact for fact in definition_facts(definition) if fact[0] not in TOLD_OTHERWISE]
    if definition.call is not None or definition.activity is not None:
        texts.append(("Attempts", describe_retry(planned.retry)))
    if not definition.milestone:
        names = {each.step: each.name for each in all_planned if each.workstream == planned.workstream}
        texts += [("If it fails", text) for text in describe_failures(definition.on_failure, names)]
    if definition.undo is not None:
        texts.append(("Undo", _describe_undo(definition.undo)))
    return StepFacts(tuple(texts), definition.point_of_no_return, definition.undo is not None)


def _describe_undo(undo: UndoDefinition) -> str:
    return f"call {undo.call.system}" if undo.call is not None else describe_undo(undo)

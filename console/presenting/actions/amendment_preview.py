"""What an amendment would change: values, lines, steps, and what steps wait for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from activity_contract.compilation import ChangedValue
from compiler.values import as_text
from console.presenting.actions.refusals import finding_text
from console.presenting.actions.suggestions import Suggestion, step_url, suggestion
from views.shared.value_format import in_words, pluralize
from workflows.contract.order_messages import AmendedStep, AmendResult

TONES: Mapping[str, str] = {
    "kept": "quiet",
    "added": "good",
    "undone": "bad",
    "discarded": "bad",
    "stopped": "bad",
    "ends_then_undone": "bad",
}
"""Fate of a step → tone; others are work that is done again."""
DEFINITION = "definition."
"""Begins the names of values that the catalogue changes, and not the order."""
MAX_LISTED = 40


@dataclass(frozen=True, slots=True)
class ChangedRow:
    subject: str
    what: str
    """`added`, `removed`, `changed`."""
    tone: str
    value: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    number: int
    id: str
    summary: str
    url: str
    fate: str
    tone: str
    values: Sequence[ChangedRow]


@dataclass(frozen=True)
class AmendmentPreview:
    message: str
    is_accepted: bool
    is_already: bool
    refused: Sequence[str]
    suggestions: Sequence[Suggestion]
    warnings: Sequence[str]
    lines: Sequence[ChangedRow]
    counts: Sequence[tuple[str, str, int]]
    """Fate, tone and number of steps."""
    steps: Sequence[StepRow]
    more_steps: int
    waits: Sequence[tuple[int, str, str, str]]
    """Number and id of a step, what it no longer waits for, and what it waits for now."""
    notes: Sequence[str]


def amendment_preview(result: AmendResult) -> AmendmentPreview:
    return AmendmentPreview(
        message=result.message,
        is_accepted=result.accepted,
        is_already=result.already,
        refused=result.refused,
        suggestions=[suggestion(each) for each in result.alternatives],
        warnings=[finding_text(each) for each in result.warnings],
        lines=list(_line_rows(result)),
        counts=[(fate_text(fate), TONES.get(fate, "undo"), number) for fate, number in result.counts.items() if number],
        steps=[_step_row(result.order_id, step) for step in result.steps],
        more_steps=max(sum(result.counts.values()) - len(result.steps), 0),
        waits=[
            (each.number, each.id, ", ".join(each.no_longer) or "–", ", ".join(each.now) or "–")
            for each in result.waits[:MAX_LISTED]
        ],
        notes=list(_notes(result)),
    )


def fate_text(fate: str) -> str:
    """`ends_then_redone` → `ends, then redone`."""
    return in_words(fate.replace("_then_", ", then "))


def _line_rows(result: AmendResult) -> Iterator[ChangedRow]:
    yield from _value_rows("order", result.order_values)
    for line in result.lines_added:
        yield ChangedRow(line, "added", "good")
    for line in result.lines_removed:
        yield ChangedRow(line, "removed", "bad")
    for line, changes in result.line_values.items():
        yield from _value_rows(line, changes)


def _value_rows(subject: str, changes: Sequence[ChangedValue]) -> Iterator[ChangedRow]:
    for change in changes:
        yield ChangedRow(subject, "changed", "undo", change.name, _text(change.before), _text(change.after))


def _step_row(order_id: str, step: AmendedStep) -> StepRow:
    values = list(_value_rows(step.id, step.values))
    values += [
        ChangedRow(
            step.id,
            "correction ends" if each.ends else "corrected, stays so",
            "undo",
            each.name,
            _text(each.instead_of),
            _text(each.value),
        )
        for each in step.corrections
    ]
    url = "" if step.fate == "added" else step_url(order_id, step.number)
    return StepRow(step.number, step.id, step.summary, url, fate_text(step.fate), TONES.get(step.fate, "undo"), values)


def _notes(result: AmendResult) -> Iterator[str]:
    if result.may_redo:
        named = ", ".join(result.may_redo[:MAX_LISTED])
        yield f"May be redone, if the values that they read change: {named}{_more(len(result.may_redo))}"
    for used in result.used_by_kept[:MAX_LISTED]:
        yield f"{used.step} is undone, and {used.user}, which has used it, is not"
    if len(result.waits) > MAX_LISTED:
        yield f"{pluralize(len(result.waits) - MAX_LISTED, 'more step')} will wait for other steps than before"
    if any(value.name.startswith(DEFINITION) for step in result.steps for value in step.values):
        yield (
            "Definitions of steps have changed since the order was compiled. To keep the order's own, choose the "
            "order's own version above"
        )


def _more(count: int) -> str:
    return f" and {count - MAX_LISTED} more" if count > MAX_LISTED else ""


def _text(value: object) -> str:
    return "–" if value is None else as_text(value)

"""What an amendment does, or would do: the lines and values that change, and what happens to each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from activity_contract.compilation import ChangedValue
from compiler.source.findings import Finding
from views.shared.commands import alternatives_text
from views.shared.findings import finding_lines
from views.shared.table import Cell, PlainTable
from views.shared.value_format import pluralize
from workflows.contract.order_messages import AmendResult

FATE_STYLES = {"added": "green", "undone": "red", "discarded": "red", "stopped": "red", "ends_then_undone": "red"}
MAX_LISTED = 20
DEFINITION = "definition."
"""What begins the names of values that the catalogue changes, and not the order."""


def render_amendment(answer: AmendResult) -> Iterator[RenderableType]:
    """`answer` must not be rejected."""
    yield Text(answer.message)
    if answer.alternatives:
        yield Text(alternatives_text(answer.alternatives))
    yield from finding_lines(Finding.model_validate(warning) for warning in answer.warnings)
    if lines := _line_rows(answer):
        yield Text("")
        yield PlainTable(["Line", "", "Value", "Before", "After"], lines)
    if answer.steps:
        yield Text("")
        yield PlainTable(
            ["No.", "Step", "Becomes", "Input", "Before", "After"], list(_step_rows(answer)), right_aligned=(0,)
        )
        left_out = sum(answer.counts.values()) - len(answer.steps)
        if left_out > 0:
            yield Text(f"and {pluralize(left_out, 'more step')}")
    if any(value.name.startswith(DEFINITION) for step in answer.steps for value in step.values):
        yield Text("")
        yield Text(
            "Definitions of steps have changed since the order was compiled. To keep the order's own: amend it with "
            "--catalogue-version same."
        )
    if answer.waits:
        yield Text("")
        yield PlainTable(
            ["No.", "Step", "No longer waits for", "Now waits for"], list(_wait_rows(answer)), right_aligned=(0,)
        )
    if answer.may_redo:
        named = ", ".join(answer.may_redo[:MAX_LISTED])
        more = f" and {len(answer.may_redo) - MAX_LISTED} more" if len(answer.may_redo) > MAX_LISTED else ""
        yield Text("")
        yield Text(f"May be redone, if the values that they read change: {named}{more}")
    if answer.used_by_kept:
        yield Text("")
        for used in answer.used_by_kept[:MAX_LISTED]:
            yield Text(f"Warning: {used.step} is undone, and {used.user}, which has used it, is not", style="yellow")
        if len(answer.used_by_kept) > MAX_LISTED:
            yield Text(f"and {len(answer.used_by_kept) - MAX_LISTED} more of this kind")


def _line_rows(answer: AmendResult) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = list(_value_rows("order", answer.order_values))
    rows += [[line, Text("added", style="green"), "", "", ""] for line in answer.lines_added]
    rows += [[line, Text("removed", style="red"), "", "", ""] for line in answer.lines_removed]
    for line, changes in answer.line_values.items():
        rows += _value_rows(line, changes)
    return rows


def _value_rows(subject: str, changes: Sequence[ChangedValue]) -> Iterator[Sequence[Cell]]:
    for number, change in enumerate(changes):
        head = [subject, "changed"] if number == 0 else ["", ""]
        yield [*head, change.name, *_before_and_after(change)]


def _step_rows(answer: AmendResult) -> Iterator[Sequence[Cell]]:
    for step in answer.steps:
        fate = Text(step.fate.replace("_then_", ", then ").replace("_", " "), style=FATE_STYLES.get(step.fate, ""))
        head: list[Cell] = [Text(str(step.number), style="bright_black"), step.id, fate]
        yield [*head, *([step.values[0].name, *_before_and_after(step.values[0])] if step.values else ["", "", ""])]
        for each in step.values[1:]:
            yield ["", "", "", each.name, *_before_and_after(each)]
        for correction in step.corrections:
            what = "correction ends" if correction.ends else "corrected, stays so"
            values = [_format_value(correction.instead_of), _format_value(correction.value)]
            yield ["", "", "", f"{correction.name}: {what}", *values]


def _wait_rows(answer: AmendResult) -> Iterator[Sequence[Cell]]:
    for each in answer.waits[:MAX_LISTED]:
        number = Text(str(each.number), style="bright_black")
        yield [number, each.id, ", ".join(each.no_longer) or "–", ", ".join(each.now) or "–"]
    if len(answer.waits) > MAX_LISTED:
        yield ["", f"and {pluralize(len(answer.waits) - MAX_LISTED, 'more step')}", "", ""]


def _before_and_after(change: ChangedValue) -> list[str]:
    return [_format_value(change.before), _format_value(change.after)]


def _format_value(value: object) -> str:
    if value is None:
        return "–"
    return str(value).lower() if isinstance(value, bool) else str(value)

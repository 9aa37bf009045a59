"""What an amendment does, or would do: the lines and values that differ, and what becomes of each step concerned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from activity_contract.compilation import ChangedValue
from views.shared.table import Cell, Columns
from views.shared.value_format import counted
from workflows.contract.order_messages import AmendAnswer

FATES = {
    "new_input": "new input",
    "redone": "redone",
    "patched": "patched",
    "undone": "undone",
    "discarded": "discarded",
    "stopped": "stopped",
    "ends_then_redone": "ends, then redone",
    "ends_then_patched": "ends, then patched",
    "ends_then_undone": "ends, then undone",
    "added": "added",
    "kept": "kept",
}
STYLES = {"added": "green", "undone": "red", "discarded": "red", "stopped": "red", "ends_then_undone": "red"}
MOST_NAMED = 20


def amendment_view(answer: AmendAnswer) -> Iterator[RenderableType]:
    """Of an answer that is not rejected."""
    yield Text(answer.message)
    if lines := _lines(answer):
        yield Text("")
        yield Columns(["Line", "", "Value", "Before", "After"], lines)
    if answer.steps:
        yield Text("")
        yield Columns(["No.", "Step", "Becomes", "Input", "Before", "After"], list(_steps(answer)), right=(0,))
        left_out = sum(answer.counts.values()) - len(answer.steps)
        if left_out > 0:
            yield Text(f"and {counted(left_out, 'more step')}")
    if answer.may_redo:
        named = ", ".join(answer.may_redo[:MOST_NAMED])
        more = f" and {len(answer.may_redo) - MOST_NAMED} more" if len(answer.may_redo) > MOST_NAMED else ""
        yield Text("")
        yield Text(f"May be redone, should what they read turn out differently: {named}{more}")


def _lines(answer: AmendAnswer) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = list(_values("order", answer.order_values))
    rows += [[line, Text("added", style="green"), "", "", ""] for line in answer.lines_added]
    rows += [[line, Text("removed", style="red"), "", "", ""] for line in answer.lines_removed]
    for line, found in answer.line_values.items():
        rows += _values(line, found)
    return rows


def _values(what: str, found: Sequence[ChangedValue]) -> Iterator[Sequence[Cell]]:
    for number, each in enumerate(found):
        yield [what if number == 0 else "", "changed" if number == 0 else "", each.name, *_both(each)]


def _steps(answer: AmendAnswer) -> Iterator[Sequence[Cell]]:
    for step in answer.steps:
        fate = Text(FATES.get(step.fate, step.fate), style=STYLES.get(step.fate, ""))
        head: list[Cell] = [Text(str(step.number), style="bright_black"), step.id, fate]
        yield [*head, *([step.values[0].name, *_both(step.values[0])] if step.values else ["", "", ""])]
        for each in step.values[1:]:
            yield ["", "", "", each.name, *_both(each)]


def _both(each: ChangedValue) -> list[str]:
    return [_value(each.before), _value(each.after)]


def _value(value: object) -> str:
    if value is None:
        return "–"
    return str(value).lower() if isinstance(value, bool) else str(value)

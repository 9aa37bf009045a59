"""The changes between two catalogues for a terminal: by definition, the gravest first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from compiler.diff.change import CatalogueDiff, Change, Severity, Subject
from compiler.diff.order_impact import OrderImpact, OrderOutcome
from views.diff.definition_outline import Marks
from views.diff.entries import Detail, Entry, details, entries
from views.diff.order_words import OUTCOME_WORDS, impact_lines, same_plan_text
from views.diff.words import EFFECT_WORDS, KIND_NOUNS, SEVERITY_WORDS, backticks, describe
from views.shared.findings import finding_lines
from views.shared.value_format import pluralize

STYLES = {
    Severity.BREAKING: "bold red",
    Severity.BEHAVIOUR: "yellow",
    Severity.COSMETIC: "bright_black",
    Severity.NEW: "green",
}
WIDTH = max(map(len, SEVERITY_WORDS.values()))
MIN_TEXT_WIDTH = 30


def summary(diff: CatalogueDiff) -> str:
    """`5 changes in 2 definitions: 1 breaking, 3 behaviour, 1 cosmetic`. What belongs to an offer counts with it."""
    told = [change for change in diff.changes if not change.part_of]
    if not told:
        return "no changes"
    counts = Counter(change.severity for change in told)
    parts = ", ".join(f"{counts[one]} {SEVERITY_WORDS[one]}" for one in Severity if counts[one])
    subjects = len({(change.subject.kind, change.subject.id) for change in told})
    return f"{pluralize(len(told), 'change')} in {pluralize(subjects, 'definition')}: {parts}"


def render_diff(diff: CatalogueDiff, old: str, new: str) -> Iterator[RenderableType]:
    """`old`, `new`: what was compared."""
    yield Text.assemble((f"{old} → {new}: ", "bold"), summary(diff))
    for entry in entries(diff):
        yield Text("")
        yield _heading(entry.subject, entry.changes)
        yield _ChangeLines(entry)
    if diff.rejected_trial is not None:
        yield Text("")
        yield Text("An order that was valid, and is now rejected:", style="bold")
        yield Text(f"  {trial_text(diff)}")
        yield Text(f"  {diff.rejected_trial.reason}", style="red")


def trial_text(diff: CatalogueDiff) -> str:
    """The generated order as JSON, which can be kept in a file and run."""
    return json.dumps(diff.rejected_trial.order if diff.rejected_trial else {}, ensure_ascii=False)


def _heading(subject: Subject, changes: Sequence[Change]) -> Text:
    heading = Text.assemble((subject.name, "bold"), f"  {KIND_NOUNS[subject.kind]} {subject.id}")
    concerns = changes[-1].concerns
    if concerns:
        verb = "serves" if subject.kind == "workstream" else "inherited by"
        heading.append(f"  {verb} {', '.join(concerns)}", style="bright_black")
    return heading


class _ChangeLines:
    """A line for each change, and below it its details. In a terminal, what does not fit goes on in the next line."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = 2 + WIDTH + 2
        for change in self._entry.changes:
            start = Text(f"  {SEVERITY_WORDS[change.severity].ljust(WIDTH)}  ", style=STYLES[change.severity])
            yield from _wrapped(start, _change_text(change), indent, console, options)
            for depth, detail in _walk(details(self._entry, change, Marks(backticks, str))):
                blanks = 4 + 2 * depth
                yield from _wrapped(Text(" " * blanks), detail, blanks + 2, console, options)


def _walk(found: Sequence[Detail], depth: int = 0) -> Iterator[tuple[int, Text]]:
    for detail in found:
        yield depth, Text(detail.text, style="bold" if detail.below and not depth else "")
        yield from _walk(detail.below, depth + 1)


def _wrapped(start: Text, text: Text, indent: int, console: Console, options: ConsoleOptions) -> Iterator[Text]:
    """`indent`: of the further lines."""
    for part in text.wrap(console, max(options.max_width - indent, MIN_TEXT_WIDTH)):
        part.rstrip()
        yield Text.assemble(start, part, no_wrap=True)
        start = Text(" " * indent)


def _change_text(change: Change) -> Text:
    line = Text(describe(change))
    if effect := EFFECT_WORDS[change.effect]:
        line.append(f"; {effect}", style=STYLES[change.severity])
    if change.location is not None:
        line.append(f"  {change.location}", style="bright_black")
    return line


def render_orders(impacts: Sequence[OrderImpact]) -> Iterator[RenderableType]:
    yield Text("")
    yield Text("Orders", style="bold")
    for impact in (one for one in impacts if one.outcome is not OrderOutcome.SAME_PLAN):
        style = "red" if impact.outcome is OrderOutcome.NOW_REJECTED else ""
        label = impact.order_id or impact.file
        yield Text.assemble(
            f"  {label}: ", (OUTCOME_WORDS[impact.outcome], style), (f"  {impact.file}", "bright_black")
        )
        for line in impact_lines(impact):
            yield Text(f"    {line}")
        if impact.outcome is OrderOutcome.NOW_REJECTED:
            yield from (Text.assemble("    ", line) for line in finding_lines(impact.findings))
    if same := same_plan_text(impacts):
        yield Text(f"  {same}")

"""The changes between two catalogues for a terminal: by definition, the gravest first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from compiler.diff.change import CatalogueDiff, Change, Severity, Subject
from compiler.diff.order_impact import OrderImpact, OrderOutcome
from views.diff.order_words import OUTCOME_WORDS, impact_lines, same_plan_text
from views.diff.words import EFFECT_WORDS, KIND_NOUNS, SEVERITY_WORDS, describe
from views.shared.findings import finding_lines
from views.shared.value_format import pluralize

STYLES = {Severity.BREAKING: "bold red", Severity.BEHAVIOUR: "yellow", Severity.COSMETIC: "bright_black"}
WIDTH = max(map(len, SEVERITY_WORDS.values()))
MIN_TEXT_WIDTH = 30


def summary(diff: CatalogueDiff) -> str:
    """`5 changes in 2 definitions: 1 breaking, 3 behaviour, 1 cosmetic`."""
    if not diff.changes:
        return "no changes"
    counts = Counter(change.severity for change in diff.changes)
    parts = ", ".join(f"{counts[one]} {SEVERITY_WORDS[one]}" for one in Severity if counts[one])
    subjects = len({(change.subject.kind, change.subject.id) for change in diff.changes})
    return f"{pluralize(len(diff.changes), 'change')} in {pluralize(subjects, 'definition')}: {parts}"


def changes_by_subject(diff: CatalogueDiff) -> Iterator[tuple[Subject, list[Change]]]:
    """The changes of each definition, as they are sorted."""
    for (kind, id_), changes in groupby(diff.changes, key=lambda change: (change.subject.kind, change.subject.id)):
        of_subject = list(changes)
        yield Subject(kind, id_, of_subject[-1].subject.name), of_subject


def render_diff(diff: CatalogueDiff, old: str, new: str) -> Iterator[RenderableType]:
    """`old`, `new`: what was compared."""
    yield Text.assemble((f"{old} → {new}: ", "bold"), summary(diff))
    for subject, changes in changes_by_subject(diff):
        yield Text("")
        yield _heading(subject, changes)
        yield _ChangeLines(changes)
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
    """A line for each change. In a terminal, what does not fit goes on below the sentence."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        indent = 2 + WIDTH + 2
        for change in self._changes:
            start = Text(f"  {SEVERITY_WORDS[change.severity].ljust(WIDTH)}  ", style=STYLES[change.severity])
            for part in _change_text(change).wrap(console, max(options.max_width - indent, MIN_TEXT_WIDTH)):
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

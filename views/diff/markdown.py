"""The changes between two catalogues as Markdown, for the comment of a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from compiler.diff.change import CatalogueDiff, Change, Severity
from compiler.diff.order_impact import OrderImpact, OrderOutcome
from views.diff.definition_outline import Marks
from views.diff.entries import Detail, Entry, details, entries
from views.diff.order_words import OUTCOME_WORDS, impact_lines, same_plan_text
from views.diff.report import summary, trial_text
from views.diff.words import EFFECT_WORDS, KIND_NOUNS, SEVERITY_WORDS, describe

_NUMBER = re.compile(r"^(\d+)\.")
"""Of a step. Without a backslash, it begins a list inside the point."""
_SPECIAL = re.compile(r"([\\`*_\[\]<>|@~])")


def diff_markdown(diff: CatalogueDiff, old: str, new: str, impacts: Sequence[OrderImpact] = ()) -> str:
    """The summary and the breaking changes first, then each definition."""
    return "\n".join(_lines(diff, old, new, impacts)) + "\n"


def _lines(diff: CatalogueDiff, old: str, new: str, impacts: Sequence[OrderImpact]) -> Iterator[str]:
    yield f"## Catalogue: {summary(diff)}"
    yield ""
    yield f"{code(old)} → {code(new)}"
    breaking = [change for change in diff.changes if change.severity is Severity.BREAKING and not change.part_of]
    if breaking:
        yield from ("", "**Breaking:**", "")
        for change in breaking:
            yield f"- {escape(change.subject.name)}: {describe(change, code)}{_effect(change)}"
    if diff.rejected_trial is not None:
        yield from ("", "An order that was valid, and is now rejected:", "", "```json", trial_text(diff), "```", "")
        yield escape(diff.rejected_trial.reason)
    for entry in entries(diff):
        yield from _entry_lines(entry)
    if impacts:
        yield from ("", "### Orders", "")
        for impact in (one for one in impacts if one.outcome is not OrderOutcome.SAME_PLAN):
            outcome = OUTCOME_WORDS[impact.outcome]
            marked = f"**{outcome}**" if impact.outcome is OrderOutcome.NOW_REJECTED else outcome
            yield f"- {code(impact.order_id or impact.file)}: {marked}"
            yield from (f"  - {line}" for line in impact_lines(impact, code))
            if impact.outcome is OrderOutcome.NOW_REJECTED:
                yield from (f"  - {escape(finding.message)}" for finding in impact.findings)
        if same := same_plan_text(impacts, code):
            yield f"- {same}"


def _entry_lines(entry: Entry) -> Iterator[str]:
    subject, changes = entry.subject, entry.changes
    yield from ("", f"### {escape(subject.name)} ({KIND_NOUNS[subject.kind]} {code(subject.id)})", "")
    if changes[-1].concerns:
        verb = "Serves" if subject.kind == "workstream" else "Inherited by"
        yield from (f"{verb} {', '.join(map(code, changes[-1].concerns))}.", "")
    for change in changes:
        word = SEVERITY_WORDS[change.severity]
        marked = f"**{word}**" if change.severity is Severity.BREAKING else word
        yield f"- {marked}: {describe(change, code)}{_effect(change)}"
        yield from _detail_lines(details(entry, change, Marks(code, escape)), "  ")


def _detail_lines(found: Sequence[Detail], indent: str) -> Iterator[str]:
    for detail in found:
        text = _NUMBER.sub(r"\1\\.", detail.text)
        yield f"{indent}- {text}"
        yield from _detail_lines(detail.below, indent + "  ")


def _effect(change: Change) -> str:
    effect = EFFECT_WORDS[change.effect]
    return f"; {effect}" if effect else ""


def code(text: str) -> str:
    """A code span, whatever backticks the text has."""
    flat = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else "` `"


def escape(text: str) -> str:
    """Text from definitions that must not be read as Markdown or as HTML."""
    return _SPECIAL.sub(r"\\\1", text)

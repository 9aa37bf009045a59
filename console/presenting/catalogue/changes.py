"""The differences between two versions of the catalogue, definition by definition, in words of the business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from compiler.diff.change import CatalogueDiff, Change, Severity
from console.presenting.catalogue.places import PlaceNames
from console.presenting.code_text import code_text
from views.diff.definition_outline import Marks
from views.diff.entries import Detail, Entry, details, entries
from views.diff.report import summary, trial_text
from views.diff.words import EFFECT_WORDS, KIND_NOUNS, SEVERITY_WORDS, backticks, describe

TONES = {
    Severity.BREAKING: "bad",
    Severity.BEHAVIOUR: "warn",
    Severity.COSMETIC: "quiet",
    Severity.NEW: "good",
}


@dataclass(frozen=True)
class ChangeDetail:
    depth: int
    text: Markup


@dataclass(frozen=True)
class ChangeText:
    severity: str
    tone: str
    text: Markup
    effect: str
    place: str
    details: tuple[ChangeDetail, ...]


@dataclass(frozen=True)
class ChangedDefinition:
    kind: str
    id: str
    name: str
    concerns: str
    """`serves camera, hub`; empty if it concerns nobody else."""
    changes: tuple[ChangeText, ...]


@dataclass(frozen=True)
class Differences:
    summary: str
    """`5 changes in 2 definitions: 1 breaking, 3 behaviour, 1 cosmetic`."""
    definitions: tuple[ChangedDefinition, ...]
    rejected_order: str
    """JSON of an order that was valid and is now rejected; empty if there is none."""
    rejected_why: str


def differences(diff: CatalogueDiff, places: PlaceNames) -> Differences:
    trial = diff.rejected_trial
    return Differences(
        summary(diff),
        tuple(_definition(entry, places) for entry in entries(diff)),
        trial_text(diff) if trial is not None else "",
        trial.reason if trial is not None else "",
    )


def _definition(entry: Entry, places: PlaceNames) -> ChangedDefinition:
    concerns = entry.changes[-1].concerns
    verb = "serves" if entry.subject.kind == "workstream" else "inherited by"
    return ChangedDefinition(
        kind=KIND_NOUNS[entry.subject.kind],
        id=entry.subject.id,
        name=entry.subject.name,
        concerns=f"{verb} {', '.join(concerns)}" if concerns else "",
        changes=tuple(_change(entry, change, places) for change in entry.changes),
    )


def _change(entry: Entry, change: Change, places: PlaceNames) -> ChangeText:
    return ChangeText(
        severity=SEVERITY_WORDS[change.severity],
        tone=TONES[change.severity],
        text=code_text(describe(change)),
        effect=EFFECT_WORDS[change.effect],
        place=places.place(change.location),
        details=tuple(_flat(details(entry, change, Marks(backticks, str)))),
    )


def _flat(found: Sequence[Detail], depth: int = 0) -> list[ChangeDetail]:
    return [
        one
        for detail in found
        for one in (ChangeDetail(depth, code_text(detail.text)), *_flat(detail.below, depth + 1))
    ]

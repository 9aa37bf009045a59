"""The changes as they are told: by definition, with what came or went with an offer below that offer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from compiler.diff.change import CatalogueDiff, Change, ChangeKind, Subject
from views.diff.definition_outline import Marks, definition_outline
from views.diff.words import KIND_NOUNS


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition that has changed, is new or is gone."""

    subject: Subject
    changes: tuple[Change, ...]
    """The gravest first."""
    parts: tuple[Change, ...] = ()
    """Of an offer that is new or gone: the definitions that came or went with it. Each is new or gone as a whole."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A line, and those below it."""

    text: str
    below: tuple[Detail, ...] = ()


def entries(diff: CatalogueDiff) -> Iterator[Entry]:
    """As the changes are sorted."""
    own = (change for change in diff.changes if not change.part_of)
    for (kind, id_), grouped in groupby(own, key=lambda change: (change.subject.kind, change.subject.id)):
        changes = tuple(grouped)
        is_offer = kind == "commercial_product"
        parts = [change for change in diff.changes if is_offer and change.part_of == id_]
        yield Entry(Subject(kind, id_, changes[-1].subject.name), changes, tuple(_sorted(parts, changes[-1])))


def _sorted(parts: Sequence[Change], offer: Change) -> list[Change]:
    """The products that the offer becomes as its rules name them, then all others."""
    tree = offer.after or offer.before
    rules = [key.partition("~")[0].partition("#")[0] for key in tree.get("decomposes_to", {})] if parts else []
    positions = {name: position for position, name in reversed([*enumerate(rules)])}
    return sorted(parts, key=lambda part: positions.get(part.subject.id, len(rules)))


def details(entry: Entry, change: Change, marks: Marks) -> tuple[Detail, ...]:
    """What a definition that is new contains; what is gone with an offer. Empty for other changes."""
    if change.path or change.kind not in (ChangeKind.ADDED, ChangeKind.REMOVED):
        return ()
    parts = [part for part in entry.parts if part.kind is change.kind]
    if change.kind is ChangeKind.REMOVED:
        return (Detail(f"Gone with it: {_listed_by_kind(parts, marks)}"),) if parts else ()
    return (
        *_outline(change, marks),
        *(Detail(_label(part, marks), _outline(part, marks)) for part in parts),
    )


def _label(part: Change, marks: Marks) -> str:
    subject = part.subject
    what = f"{KIND_NOUNS[subject.kind]} {marks.code(subject.id)}"
    return what if subject.name == subject.id else f"{marks.plain(subject.name)} ({what})"


def _listed_by_kind(parts: Sequence[Change], marks: Marks) -> str:
    """`technical product camera, hub; system press`."""
    by_kind: dict[str, list[str]] = {}
    for part in parts:
        by_kind.setdefault(KIND_NOUNS[part.subject.kind], []).append(marks.code(part.subject.id))
    return "; ".join(f"{noun} {', '.join(ids)}" for noun, ids in by_kind.items())


def _outline(change: Change, marks: Marks) -> tuple[Detail, ...]:
    """A section of one line is told in one."""
    return tuple(
        Detail(f"{section.title}: {section.lines[0]}")
        if len(section.lines) == 1
        else Detail(section.title, tuple(map(Detail, section.lines)))
        for section in definition_outline(change.subject.kind, change.after, marks)
    )

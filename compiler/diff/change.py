"""The changes between two catalogues, as data. views/diff puts them into words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from compiler.source.findings import SourceLocation

ChangePath = tuple[str, ...]
"""Where in a definition: `("steps", "book", "call", "body", "hours")`. A rule is named by its product and `as`."""


class Severity(StrEnum):
    BREAKING = "breaking"
    """A valid order may be rejected, or an amendment of a running order undoes work that it did not ask to undo."""
    BEHAVIOUR = "behaviour"
    """Orders are still valid, and are fulfilled in another way."""
    COSMETIC = "cosmetic"
    """Only people see it: names and descriptions."""
    NEW = "new"
    """A definition that nothing used before. What begins to use it is a change of its own."""


class Effect(StrEnum):
    """What a change does, beyond what it says."""

    REJECTS_ORDERS = "rejects_orders"
    """Orders that were valid are rejected."""
    UNDOES_WORK = "undoes_work"
    """An amendment that touches a running order's line undoes what is no longer planned."""
    REDOES_WORK = "redoes_work"
    """An amendment that touches a running order's line does the completed step again, as its `on_change` says."""
    RUNNING_ORDERS = "running_orders"
    """It takes effect for running orders at once: systems and receivers are not pinned."""
    NONE = "none"


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """The same entries in another order."""
    RENAMED = "renamed"
    """`before` and `after` are the ids."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A definition: its kind (`commercial_product`, `workstream`, …), its id (the new one), and its name for people."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one definition. An empty path is the definition itself."""

    subject: Subject
    path: ChangePath
    kind: ChangeKind
    before: Any
    """None for what was added. Else the value as plain data: texts, numbers, durations, lists, dicts."""
    after: Any
    """None for what was removed."""
    severity: Severity
    effect: Effect = Effect.NONE
    concerns: tuple[str, ...] = ()
    """Ids of the products that inherit it, for a change of a class; of the products that use it, for a workstream."""
    location: SourceLocation | None = None
    """In the new definitions; in the old ones for what was removed."""
    part_of: str = ""
    """For a definition that is new or gone: the id of the offer that came or went with it, and alone uses it."""


@dataclass(frozen=True, slots=True)
class RejectedTrial:
    """A generated order that the old catalogue accepts and the new one rejects."""

    order: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class CatalogueDiff:
    changes: tuple[Change, ...] = ()
    """Sorted by subject, the breaking ones first within it."""
    rejected_trial: RejectedTrial | None = None
    """The smallest generated order that only the old catalogue accepts, if a change of behaviour has one."""
    trials: int = 0
    """How many generated orders were compiled with both catalogues."""

    @property
    def severity(self) -> Severity | None:
        """That of the gravest change; None without changes."""
        return gravest(change.severity for change in self.changes)


_ORDER = tuple(Severity)


def gravest(severities: Iterable[Severity]) -> Severity | None:
    return min(severities, key=_ORDER.index, default=None)


def rank(severity: Severity) -> int:
    """0 for the gravest."""
    return _ORDER.index(severity)

"""Compares two catalogues definition by definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from compiler.diff.change import CatalogueDiff, Change, ChangeKind, ChangePath, Effect, Severity, rank
from compiler.diff.compare_trees import Difference, compare_trees
from compiler.diff.contents import SHAPES, Content, ContentKey, Contents, read_contents
from compiler.diff.new_and_gone import group_by_offer
from compiler.diff.renames import Rename, apply_renames, find_renames
from compiler.diff.severity import judge, may_reject, renamed
from compiler.diff.trial_orders import TrialResult, try_orders
from compiler.loaded_definitions import LoadedDefinitions
from compiler.source.garbage_collection import gc_paused

_KIND_ORDER = (
    "commercial_product", "product_class", "technical_product", "workstream", "system", "receiver", "retry",
)  # fmt: skip


def diff_catalogues(old: LoadedDefinitions, new: LoadedDefinitions, *, try_out: bool = True) -> CatalogueDiff:
    """What changed from `old` to `new`. Raises CatalogueInvalid if one of them is no valid catalogue.

    `try_out`: compiles generated orders of changed offers with both, to find out whether valid orders are rejected.
    """
    old_catalogue, new_catalogue = old.catalogue, new.catalogue
    before, after = read_contents(old.index, new.index)
    changes = group_by_offer(_compare(before, after), old.index, new.index)
    trial = TrialResult()
    if try_out and any(change.severity is Severity.BEHAVIOUR for change in changes):
        with gc_paused():
            trial = try_orders(old_catalogue, new_catalogue, changes)
        if trial.rejected is not None:
            changes = [_blame(change, trial) for change in changes]
    return CatalogueDiff(tuple(sorted(changes, key=_sort_key)), trial.rejected, trial.count)


def _sort_key(change: Change) -> tuple[Any, ...]:
    subject = change.subject
    return (_KIND_ORDER.index(subject.kind), subject.id, rank(change.severity), change.path, change.kind.value)


def _blame(change: Change, trial: TrialResult) -> Change:
    """A change of behaviour of something that the rejected order uses is breaking."""
    is_suspect = (
        change.severity is Severity.BEHAVIOUR
        and may_reject(change.path, change.kind)
        and (change.subject.id in trial.involved or not trial.involved.isdisjoint(change.concerns))
    )
    return replace(change, severity=Severity.BREAKING, effect=Effect.REJECTS_ORDERS) if is_suspect else change


def _compare(before: Contents, after: Contents) -> list[Change]:
    renames = find_renames(before, after)
    before = apply_renames(before, renames)
    inherited = {key: _differences(before, after, key) for key in _keys(before, after) if key[0] == "class"}
    changes: list[Change] = list(_rename_changes(after, renames))
    for key in _keys(before, after):
        differences = inherited.get(key) or _differences(before, after, key)
        content = after.by_key.get(key) or before.by_key[key]
        if key[0] == "product":
            differences = _own_differences(differences, before.by_key.get(key), content, inherited)
        changes += [_change(content, before.by_key.get(key, content), one) for one in differences]
    return changes


def _keys(before: Contents, after: Contents) -> list[ContentKey]:
    return list({**before.by_key, **after.by_key})


def _differences(before: Contents, after: Contents, key: ContentKey) -> list[Difference]:
    old, new = before.by_key.get(key), after.by_key.get(key)
    if old is None or new is None:
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
        return [Difference((), kind, old and old.tree, new and new.tree)]
    if old.subject.kind != new.subject.kind:  # a commercial product became a technical one, or the other way round
        return [
            Difference((), ChangeKind.REMOVED, old.tree, None),
            Difference((), ChangeKind.ADDED, None, new.tree),
        ]
    found = list(compare_trees(old.tree, new.tree, SHAPES.get(new.subject.kind)))
    common = [rule for rule in old.rule_order if rule in new.rule_order]
    now = [rule for rule in new.rule_order if rule in old.rule_order]
    if common != now:
        found.append(Difference(("decomposes_to",), ChangeKind.MOVED, common, now))
    return found


def _own_differences(
    differences: list[Difference],
    before: Content | None,
    content: Content,
    inherited: dict[ContentKey, list[Difference]],
) -> list[Difference]:
    """Without those of the product's class: they are told once, for the class."""
    if before is None or before.product_class != content.product_class:
        return differences
    of_class = inherited.get(("class", content.product_class), [])
    return [one for one in differences if one not in of_class]


def _change(content: Content, before: Content, difference: Difference) -> Change:
    is_old = difference.kind is ChangeKind.REMOVED
    subject = before.subject if is_old and not difference.path else content.subject
    severity, effect = judge(_judged_kind(subject.kind), difference)
    return Change(
        subject,
        difference.path,
        difference.kind,
        difference.before,
        difference.after,
        severity,
        effect,
        content.concerns,
        (before if is_old else content).location(difference.path),
    )


def _judged_kind(kind: str) -> str:
    return "class" if kind == "product_class" else kind


def _rename_changes(after: Contents, renames: Sequence[Rename]) -> Iterator[Change]:
    for one in renames:
        content = after.by_key[one.key]
        path: ChangePath = (one.part, one.new) if one.part else ()
        severity, effect = renamed(_judged_kind(content.subject.kind), path)
        where = content.location(path)
        yield Change(
            content.subject, path, ChangeKind.RENAMED, one.old, one.new, severity, effect, content.concerns, where
        )

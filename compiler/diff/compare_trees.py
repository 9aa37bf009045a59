"""Compares two trees of plain data, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from compiler.diff.change import ChangeKind, ChangePath
from compiler.diff.normal_form import inner_shape, normal_form
from compiler.typecheck.expression_sites import Shape


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the trees differ."""

    path: ChangePath
    kind: ChangeKind
    before: Any
    after: Any


def compare_trees(
    before: dict[str, Any], after: dict[str, Any], shape: Shape | None, path: ChangePath = ()
) -> Iterator[Difference]:
    """The differences. What is whole new or gone is one difference, with everything in it."""
    for key in {**before, **after}:
        at = (*path, str(key))
        if key not in after:
            yield Difference(at, ChangeKind.REMOVED, before[key], None)
        elif key not in before:
            yield Difference(at, ChangeKind.ADDED, None, after[key])
        else:
            yield from _compare(before[key], after[key], inner_shape(shape, key), at)


def _compare(before: Any, after: Any, shape: Shape | None, path: ChangePath) -> Iterator[Difference]:
    if normal_form(before, shape) == normal_form(after, shape):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        yield from compare_trees(before, after, shape, path)
    else:
        yield Difference(path, ChangeKind.CHANGED, before, after)

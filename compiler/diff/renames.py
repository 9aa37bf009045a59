"""Finds definitions, steps and attributes that only have another id, and carries the new ids into the old contents.

Without this, one new name would be told as many changes: what is gone, what is new, and every reference to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from compiler.diff.change import Subject
from compiler.diff.contents import Content, ContentKey, Contents
from compiler.diff.normal_form import normal_form

NAMING_KEYS = frozenset({"after", "dependencies", "decomposes_to", "components", "for"})
"""Keys of objects whose keys are ids, or begin with one."""
REFERENCE_KEYS = frozenset({"product", "system", "class", "retry", "redo_from", "step"})
"""Keys of texts that are ids, or begin with one."""


@dataclass(frozen=True, slots=True)
class Rename:
    """The definition `key` (its new one), or one of its `steps` or `attributes`, had the id `old`, and has `new`."""

    key: ContentKey
    part: Literal["", "steps", "attributes"]
    old: str
    new: str


def find_renames(before: Contents, after: Contents) -> list[Rename]:
    """Of definitions, and of steps and attributes of those that both have. Only pairs that nothing else fits."""
    found: list[Rename] = []
    for kind in dict.fromkeys(kind for kind, _ in after.by_key):
        old, new = _of_kind(before, kind), _of_kind(after, kind)
        gone = {name: _signature(one, name) for name, one in old.items() if name not in new}
        added = {name: _signature(one, name) for name, one in new.items() if name not in old}
        found += [Rename((kind, now), "", was, now) for was, now in _pairs(gone, added)]
    earlier = {rename.key: (rename.key[0], rename.old) for rename in found}
    for key, content in after.by_key.items():
        previous = before.by_key.get(earlier.get(key, key))
        if previous is not None:
            found += _part_renames(key, previous.tree, content.tree)
    return found


def _of_kind(contents: Contents, kind: str) -> dict[str, Content]:
    return {name: one for (of, name), one in contents.by_key.items() if of == kind}


def _part_renames(key: ContentKey, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Rename]:
    parts: tuple[Literal["steps", "attributes"], ...] = ("steps", "attributes")
    for part in parts:
        was, now = before.get(part, {}), after.get(part, {})
        gone = {name: _part_signature(was[name]) for name in was if name not in now}
        added = {name: _part_signature(now[name]) for name in now if name not in was}
        yield from (Rename(key, part, old, new) for old, new in _pairs(gone, added))


def _pairs(gone: Mapping[str, str], added: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Ids with the same signature, where exactly one is gone and one is new."""
    by_signature: dict[str, tuple[list[str], list[str]]] = {}
    for side, names in enumerate((gone, added)):
        for name, signature in names.items():
            by_signature.setdefault(signature, ([], []))[side].append(name)
    return ((was[0], now[0]) for was, now in by_signature.values() if len(was) == len(now) == 1)


def _signature(content: Content, name: str) -> str:
    """What the definition says, without its names and with its own id left out."""
    tree = {key: value for key, value in content.tree.items() if key not in ("name", "description", "code")}
    key = (content.subject.kind, "·")
    nameless = _Rewriter.for_definition(key, [Rename(key, "", name, "·")]).rewrite(tree)
    return f"{content.subject.kind} {normal_form(nameless, None)!r}"


def _part_signature(part: Mapping[str, Any]) -> str:
    return repr(normal_form({key: value for key, value in part.items() if key not in ("name", "description")}, None))


def apply_renames(contents: Contents, renames: Sequence[Rename]) -> Contents:
    """The old contents with the new ids, in definitions and in references to them."""
    if not renames:
        return contents
    documents = {(rename.key[0], rename.old): rename.new for rename in renames if not rename.part}
    result = Contents()
    for key, content in contents.by_key.items():
        here = (key[0], documents.get(key, key[1]))
        rewriter = _Rewriter.for_definition(here, renames)
        tree = rewriter.rewrite(_with_renamed_parts(content.tree, [one for one in renames if one.key == here]))
        result.by_key[here] = replace(
            content,
            subject=Subject(content.subject.kind, here[1], content.subject.name),
            tree=tree,
            rule_order=tuple(map(rewriter.reference, content.rule_order)),
            product_class=rewriter.reference(content.product_class),
        )
    return result


def _with_renamed_parts(tree: dict[str, Any], own: Iterable[Rename]) -> dict[str, Any]:
    for one in own:
        if one.part:
            parts = {one.new if name == one.old else name: value for name, value in tree[one.part].items()}
            tree = {**tree, one.part: parts}
    return tree


Pattern = tuple[re.Pattern[str], str]


@dataclass(frozen=True, slots=True)
class _Rewriter:
    """Rewrites the ids in one definition."""

    references: list[Pattern] = field(default_factory=list)
    """For texts that are references."""
    expressions: list[Pattern] = field(default_factory=list)
    """For all texts: paths in expressions."""

    @classmethod
    def for_definition(cls, here: ContentKey, renames: Iterable[Rename]) -> _Rewriter:
        found = cls()
        for one in renames:
            old, owner = re.escape(one.old), re.escape(one.key[1])
            if not one.part:
                found.references.append((re.compile(rf"^{old}(?=[.~#]|$)"), one.new))
                found.expressions.append((re.compile(rf"\bworkstreams\.{old}\b"), f"workstreams.{one.new}"))
            elif one.part == "steps":
                found.references.append((re.compile(rf"^{owner}\.{old}$"), f"{one.key[1]}.{one.new}"))
                path = f"workstreams.{one.key[1]}"
                found.expressions.append((re.compile(rf"\bworkstreams\.{owner}\.{old}\b"), f"{path}.{one.new}"))
                if one.key == here:
                    found.references.append((re.compile(rf"^{old}$"), one.new))
                    found.expressions.append((re.compile(rf"\bsteps\.{old}\b"), f"steps.{one.new}"))
            elif one.key == here:
                found.expressions.append((re.compile(rf"\battributes\.{old}\b"), f"attributes.{one.new}"))
        return found

    def rewrite(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            names_ids = key in NAMING_KEYS
            below = "after" if key == "dependencies" else ""
            return {
                self.reference(name) if names_ids else name: self.rewrite(
                    item, key if names_ids and type(item) is str else below or name
                )
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self.rewrite(item, key) for item in value]
        if not isinstance(value, str):
            return value
        return self.reference(value) if key in REFERENCE_KEYS | NAMING_KEYS else _apply(self.expressions, value)

    def reference(self, text: str) -> str:
        return _apply(self.references, text)


def _apply(patterns: Iterable[Pattern], text: str) -> str:
    for pattern, replacement in patterns:
        text = pattern.sub(replacement, text)
    return text

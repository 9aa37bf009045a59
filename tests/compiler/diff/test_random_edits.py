"""Random catalogues and random edits.

Each edit of meaning is told at its place, and nothing else is told. What is told as not breaking rejects no order that
was valid, as the compiler judges.
"""

from __future__ import annotations

import copy
import dataclasses
import random
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from compiler.compile_order import compile_with_warnings
from compiler.diff.change import CatalogueDiff, ChangeKind, Severity
from compiler.diff.compare_catalogues import diff_catalogues
from compiler.loaded_definitions import LoadedDefinitions, define
from compiler.source.yaml_reader import read_documents
from tests.definitions.conftest import DEFINITIONS
from tests.support.compiler.catalogue_edits import edit_one
from tests.support.compiler.random_catalogues import Draw, shuffled
from tests.support.compiler.yaml_mutations import mutate
from views.diff.markdown import diff_markdown
from views.diff.report import render_diff
from views.diff.to_json import diff_to_json

Documents = list[dict[str, Any]]
SHIPPED: Documents = [
    document.data
    for path in sorted(DEFINITIONS.rglob("*.yaml"))
    for document in read_documents(path.read_text(encoding="utf-8"), str(path)).documents
    if document.data["kind"] != "scenario"
]


def loaded(documents: Documents, **style: Any) -> LoadedDefinitions:
    texts = [yaml.safe_dump(document, sort_keys=False, allow_unicode=True, **style) for document in documents]
    return define(read_documents("---\n".join(texts), "catalogue.yaml"))


def edits_of(
    documents: Documents, old: LoadedDefinitions, seeds: range
) -> Iterator[tuple[LoadedDefinitions, set[str]]]:
    """Valid catalogues with one edit, and the ids of the documents that it concerns."""
    for seed in seeds:
        edited = copy.deepcopy(documents)
        try:
            (mutate if seed % 2 else edit_one)(edited, random.Random(seed))
            new = loaded(edited)
        except (yaml.YAMLError, RecursionError):
            continue
        if len(edited) == len(documents) and not new.refused and meaning(new) != meaning(old):
            pairs = [(was, now) for was, now in zip(documents, edited, strict=True) if was != now]
            yield new, {str(document.get("id")) for pair in pairs for document in pair}


def meaning(definitions: LoadedDefinitions) -> Any:
    """The built catalogue without places, as far as orders depend on it; lists whose order means nothing are sorted."""
    catalogue = definitions.catalogue
    return [_plain(getattr(catalogue, part)) for part in ("products", "workstreams", "systems", "retry_policies")]


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [
            field.name for field in dataclasses.fields(value) if field.name not in ("place", "expression_locations")
        ]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, BaseModel):
        dumped = {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        if "after" in dumped:  # a step: its own actions and `per` are in the catalogue's step
            dumped = {name: item for name, item in dumped.items() if name not in ("actions", "per", "description")}
        return {name: _sorted(item) if name in ("after", "enum") else item for name, item in dumped.items()}
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return _sorted([_plain(item) for item in value])
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _sorted(items: Any) -> Any:
    return sorted({repr(item) for item in items}) if isinstance(items, list) else items


def told_ids(diff: CatalogueDiff) -> set[str]:
    """The ids of all definitions that the changes name."""
    renamed = {change.before for change in diff.changes if change.kind is ChangeKind.RENAMED and not change.path}
    return {id_ for change in diff.changes for id_ in (change.subject.id, *change.concerns)} | renamed


@pytest.mark.parametrize("seed", range(15))
def test_each_edit_of_meaning_is_told_at_its_place(seed: int) -> None:
    documents = Draw(seed).documents()
    old = loaded(documents)
    for new, concerned in edits_of(documents, old, range(seed * 20, seed * 20 + 20)):
        diff = diff_catalogues(old, new, try_out=False)
        assert diff.changes
        assert concerned & told_ids(diff), diff.changes


@pytest.mark.parametrize("seed", range(6))
def test_each_edit_of_the_shipped_offers_is_told_in_every_format(seed: int) -> None:
    old = loaded(SHIPPED)
    for new, concerned in edits_of(SHIPPED, old, range(seed * 10, seed * 10 + 10)):
        diff = diff_catalogues(old, new, try_out=False)
        assert concerned & told_ids(diff), diff.changes
        assert len(diff_to_json(diff, "a", "b")["changes"]) == len(diff.changes)
        assert diff_markdown(diff, "a", "b").count("\n- ") >= len(diff.changes)
        assert len(list(render_diff(diff, "a", "b"))) > len(diff.changes)


@pytest.mark.parametrize("seed", range(20))
def test_how_definitions_are_written_is_no_change(seed: int) -> None:
    documents = Draw(seed).documents() if seed else SHIPPED
    source = random.Random(seed)
    rewritten = [shuffled(document, source) for document in documents]
    source.shuffle(rewritten)
    new = loaded(rewritten, default_flow_style=seed % 2 == 0, width=source.choice((40, 200)))
    assert diff_catalogues(loaded(documents), new).changes == ()


@pytest.mark.parametrize("seed", range(24))
def test_change_that_is_not_breaking_rejects_no_valid_order(seed: int) -> None:
    draw = Draw(seed)
    documents = draw.documents()
    old = loaded(documents)
    orders = [order for order in (draw.order() for _ in range(25)) if compile_with_warnings(order, old.catalogue).plan]
    for new, _ in edits_of(documents, old, range(seed * 4, seed * 4 + 4)):
        rejected = [order for order in orders if compile_with_warnings(order, new.catalogue).plan is None]
        if rejected:
            diff = diff_catalogues(old, new)
            assert diff.severity is Severity.BREAKING, (diff.changes, rejected[0])

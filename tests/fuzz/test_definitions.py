"""Shipped definitions with one to three changes, and with wild text in their place."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.compile_order import compile_with_warnings
from compiler.incremental_loader import IncrementalLoader
from compiler.load_catalogue import load_catalogue
from compiler.loaded_definitions import LoadedDefinitions
from compiler.orders.reader import read_orders
from compiler.source.findings import CatalogueInvalid
from compiler.source.yaml_reader import read_documents
from tests.definitions.conftest import DEFINITIONS
from tests.fuzz.places import assert_sound
from tests.fuzz.profile import FUZZ, RANDOM, WILD
from tests.support.compiler.yaml_mutations import mutate
from tests.support.paths import ROOT

TEXTS = {str(path): path.read_text(encoding="utf-8") for path in sorted(DEFINITIONS.rglob("*.yaml"))}
FILES = st.sampled_from(sorted(TEXTS))
ORDERS = [
    order
    for path in sorted((ROOT / "orders").glob("*.yaml"))
    for order in read_orders(path.read_text(encoding="utf-8"), path.name)
]


@cache
def shipped() -> IncrementalLoader:
    return IncrementalLoader([DEFINITIONS])


def loaded_with(file: str, text: str) -> LoadedDefinitions:
    """The shipped definitions, with this text in one of the files."""
    shipped().set_unsaved(Path(file), text)
    try:
        return shipped().load()
    finally:
        shipped().forget_unsaved(Path(file))


def mutated(text: str, random: Random) -> str:
    documents = [document.data for document in read_documents(text, "").documents]
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        mutate(documents, random)
    return yaml.dump_all(documents, sort_keys=False, width=random.choice((20, 80, 1000)))


def check(loaded: LoadedDefinitions, file: str, text: str) -> None:
    assert_sound(loaded.findings, TEXTS | {file: text})
    if loaded.refused:
        assert any(finding.refuses_catalogue for finding in loaded.findings)
        return
    for order in ORDERS:
        compilation = compile_with_warnings(order, loaded.catalogue, "order.yaml")
        assert compilation.plan is not None or compilation.findings


@FUZZ
@given(FILES, RANDOM)
def test_changed_definitions_give_findings_or_plans(file: str, random: Random) -> None:
    text = mutated(TEXTS[file], random)
    check(loaded_with(file, text), file, text)


@FUZZ
@given(FILES, WILD, st.randoms(use_true_random=False))
def test_wild_text_among_definitions_gives_findings_or_plans(file: str, wild: str, random: Any) -> None:
    position = random.randrange(len(TEXTS[file]))
    wild = wild.encode("utf-8", "replace").decode()
    text = TEXTS[file][:position] + wild + TEXTS[file][position + random.randrange(20) :]
    check(loaded_with(file, text), file, text)


@FUZZ
@given(WILD | RANDOM.map(lambda random: mutated(TEXTS[str(DEFINITIONS / "systems.yaml")], random)))
def test_any_environment_gives_findings_or_a_catalogue(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "environment.yaml")
        file.write_text(text, encoding="utf-8", newline="")
        try:
            load_catalogue(DEFINITIONS, file)
        except CatalogueInvalid as invalid:
            assert_sound(invalid.findings, TEXTS | {str(file): text})

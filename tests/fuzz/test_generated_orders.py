"""Orders that are generated for random and for damaged catalogues: no traceback, and each finding holds again."""

from __future__ import annotations

from random import Random

import pytest
import yaml
from hypothesis import given

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.definitions import DefinitionEntry, parse_document
from compiler.compile_order import compile_with_warnings
from compiler.language.documents import ScenarioDocument
from compiler.loaded_definitions import define
from compiler.source.document import ReadResult
from compiler.source.findings import CatalogueInvalid
from compiler.source.yaml_reader import read_documents
from scenarios.deep.report import examples
from scenarios.deep.search import search
from scenarios.run import run_one
from tests.definitions.conftest import DEFINITIONS
from tests.fuzz.profile import FUZZ, RANDOM
from tests.support.compiler.random_catalogues import Draw
from tests.support.compiler.yaml_mutations import mutate

BUDGET = 0.1
"""Seconds for each catalogue."""
FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted((DEFINITIONS / "offers").glob("*.yaml"))}
OTHERS = [path.read_text(encoding="utf-8") for path in sorted(DEFINITIONS.glob("[!os]*/*.yaml"))]
OTHERS += [path.read_text(encoding="utf-8") for path in sorted(DEFINITIONS.glob("*.yaml"))]


def catalogue_of(*texts: str) -> Catalogue | None:
    read = ReadResult()
    for number, text in enumerate(texts):
        found = read_documents(text, f"{number}.yaml")
        read.documents += found.documents
        read.findings += found.findings
    try:
        return define(read).catalogue
    except CatalogueInvalid:
        return None


def check(catalogue: Catalogue) -> None:
    result = search(catalogue, budget=BUDGET)
    for example in examples(result):
        (document,) = read_documents(example.text, f"{example.name}.yaml").documents
        if example.is_scenario:
            entry = parse_document(document).entry
            assert entry is not None
            assert isinstance(entry.model, ScenarioDocument)
            assert not run_one(catalogue, DefinitionEntry(entry.model, document)).passed, example.text
        else:
            assert compile_with_warnings(document.data, catalogue).plan is None, example.text


@FUZZ
@given(random=RANDOM)
def test_random_catalogues(random: Random) -> None:
    documents = Draw(random.randint(0, 2**32)).documents()
    catalogue = catalogue_of(yaml.safe_dump_all(documents, sort_keys=False))
    if catalogue is not None:
        check(catalogue)


@FUZZ
@given(random=RANDOM)
@pytest.mark.parametrize("name", FILES)
def test_damaged_offers(name: str, random: Random) -> None:
    documents = list(yaml.safe_load_all(FILES[name]))
    mutate(documents, random)
    damaged = yaml.safe_dump_all(documents, sort_keys=False)
    catalogue = catalogue_of(*OTHERS, damaged, *(text for one, text in FILES.items() if one != name))
    if catalogue is not None:
        check(catalogue)

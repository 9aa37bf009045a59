"""Shipped scenarios with one to three changes: findings, or a result of the fast mode."""

from __future__ import annotations

from functools import cache
from random import Random

import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.source.document import ReadResult
from compiler.source.files import read_folder
from compiler.source.yaml_reader import read_documents
from scenarios.load import build_suite, is_scenario
from scenarios.run import run_one
from tests.definitions.conftest import DEFINITIONS
from tests.fuzz.places import assert_sound
from tests.fuzz.profile import FUZZ, RANDOM, WILD
from tests.support.compiler.yaml_mutations import mutate

TEXTS = {str(path): path.read_text(encoding="utf-8") for path in sorted((DEFINITIONS / "scenarios").glob("*.yaml"))}
FILES = st.sampled_from(sorted(TEXTS))


@cache
def definitions() -> ReadResult:
    read = read_folder(DEFINITIONS)
    return ReadResult([document for document in read.documents if not is_scenario(document)], read.findings)


def check(file: str, text: str) -> None:
    read = read_documents(text, file)
    suite = build_suite(definitions(), None, read)
    assert_sound(suite.findings, TEXTS | {file: text})
    for entry in suite.scenarios:
        result = run_one(suite.catalogue, entry)
        assert all(str(failure) for failure in result.failures)


@FUZZ
@given(FILES, RANDOM)
def test_changed_scenarios_give_findings_or_results(file: str, random: Random) -> None:
    documents = [random.choice([document.data for document in read_documents(TEXTS[file], file).documents])]
    for _ in range(random.choice((1, 1, 2, 3))):
        mutate(documents, random)
    check(file, yaml.dump_all(documents, sort_keys=False, width=random.choice((20, 80, 1000))))


@FUZZ
@given(FILES, st.randoms(use_true_random=False), WILD)
def test_wild_text_in_a_scenario_gives_findings_or_results(file: str, random: Random, wild: str) -> None:
    document = yaml.safe_dump(random.choice([one.data for one in read_documents(TEXTS[file], file).documents]))
    position = random.randrange(len(document))
    check(file, document[:position] + wild.encode("utf-8", "replace").decode() + document[position:])

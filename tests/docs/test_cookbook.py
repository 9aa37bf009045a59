"""docs/cookbook.md: no finding concerns a recipe, and its scenarios pass."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from compiler.load_catalogue import check_definitions
from scenarios.load import load_suite
from scenarios.run import run_one
from tests.support.docs.doc_pages import Block, blocks_of
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "cookbook.md"
RECIPES = [pytest.param(block, id=str(block)) for block in blocks_of(PAGE)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample systems and what they name, without the sample offers."""
    folder = tmp_path_factory.mktemp("cookbook")
    for name in ("systems.yaml", "retry.yaml", "receivers.yaml"):
        shutil.copy(ROOT / "definitions" / name, folder / name)
    return folder


@pytest.mark.parametrize("recipe", RECIPES)
def test_scenarios_of_the_recipe_pass(recipe: Block, folder: Path) -> None:
    (folder / "recipe.yaml").write_text(recipe.text, encoding="utf-8")
    suite = load_suite(folder)
    assert [str(finding) for finding in suite.findings] == []
    assert suite.scenarios
    for entry in suite.scenarios:
        assert [f"{each.location}: {each.message}" for each in run_one(suite.catalogue, entry).failures] == []


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipe_has_no_findings(recipe: Block, folder: Path) -> None:
    (folder / "recipe.yaml").write_text(recipe.text, encoding="utf-8")
    found = check_definitions([folder])
    assert [str(finding) for finding in found if "recipe.yaml" in str(finding)] == []


def test_every_recipe_is_listed_and_has_a_block() -> None:
    text = PAGE.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert re.findall(r"^\| .* \| \[(.+)\]\(", text, re.MULTILINE) == headings
    assert len(RECIPES) == len(headings)

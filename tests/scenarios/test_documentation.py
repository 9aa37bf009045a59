"""The scenarios that the documentation shows pass with the sample catalogue."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from scenarios.load import load_suite
from scenarios.run import run_one
from tests.support.paths import ROOT

PAGES = ("scenarios.md", "language.md")
SHOWN = [
    pytest.param(block, id=re.findall(r"^id: (.*)$", block, re.MULTILINE)[0])
    for page in PAGES
    for block in re.findall(r"```yaml\n(kind: scenario\n.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample catalogue without its scenarios, beside the sample orders."""
    folder = tmp_path_factory.mktemp("shown")
    shutil.copytree(ROOT / "orders", folder / "orders")
    shutil.copytree(ROOT / "definitions", folder / "definitions", ignore=shutil.ignore_patterns("scenarios"))
    (folder / "definitions" / "scenarios").mkdir()
    return folder


@pytest.mark.parametrize("block", SHOWN)
def test_scenario_in_the_documentation_passes(block: str, folder: Path) -> None:
    (folder / "definitions" / "scenarios" / "shown.yaml").write_text(block, encoding="utf-8")
    suite = load_suite(folder / "definitions")
    assert [str(finding) for finding in suite.findings] == []
    (entry,) = suite.scenarios
    assert [f"{each.location}: {each.message}" for each in run_one(suite.catalogue, entry).failures] == []


def test_every_page_about_scenarios_shows_some() -> None:
    assert len(SHOWN) >= 9

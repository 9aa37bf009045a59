"""Which scenarios of a folder can be run, and what is wrong with the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.source.findings import CatalogueInvalid
from scenarios.load import load_suite
from tests.support.scenarios.runs import CATALOGUE, happy

GOOD = happy("expect: {order: completed}")


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_invalid_scenarios_are_left_out_and_counted(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        catalogue=CATALOGUE,
        a=f"kind: scenario\nid: good\n{GOOD}\n---\nkind: scenario\nid: good\n{GOOD}",
        b="{kind: scenario, id: bad, ordr: x, expct: {}}\n---\n"
        "{kind: scenario, id: worse, order: {}, expect: {steps: {a.b: skipped}}}\n",
    )
    suite = load_suite(folder)
    assert [entry.model.id for entry in suite.scenarios] == ["good"]
    assert [finding.code for finding in suite.findings] == [
        "id-duplicate",
        "key-unknown",
        "key-unknown",
        "reference-unknown",
    ]
    assert len(suite.invalid) == 3


def test_scenarios_elsewhere_are_added(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "elsewhere").mkdir()
    folder = write(tmp_path / "definitions", catalogue=CATALOGUE)
    others = write(tmp_path / "elsewhere", one=f"kind: scenario\nid: one\n{GOOD}", broken="kind: [")
    suite = load_suite(folder, None, [others / "one.yaml", others])
    assert [entry.model.id for entry in suite.scenarios] == ["one"]
    assert {finding.code for finding in suite.findings} == {"id-duplicate", "yaml-syntax"}


def test_catalogue_with_an_error_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, catalogue=CATALOGUE.replace("kind: receiver", "kind: reciever"))
    with pytest.raises(CatalogueInvalid, match="reciever"):
        load_suite(folder)


def test_environment_overrides_systems(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    folder = write(tmp_path / "definitions", catalogue=CATALOGUE)
    environment = tmp_path / "environment.yaml"
    environment.write_text("kind: system\nid: stock\nname: Warehouse\n", encoding="utf-8")
    assert load_suite(folder, environment).catalogue.systems["stock"].name == "Warehouse"

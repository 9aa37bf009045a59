"""An incremental load gives what a first load of the same files gives: findings, catalogue and version."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from compiler.incremental_loader import CatalogueLoader, IncrementalLoader
from compiler.load_catalogue import check_definitions, load_catalogue
from tests.definitions.conftest import DEFINITIONS
from tests.support.compiler.random_edits import RandomEdits

OFFER = "kind: commercial_product\nid: offer\nsteps: {go: {milestone: true}}\n"
SECOND = "kind: commercial_product\nid: second\nsteps: {go: {milestone: true}}\n"
BROKEN = OFFER.replace("milestone", "mile_stone")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "offer.yaml").write_text(OFFER)
    return folder


@pytest.mark.parametrize("seed", range(12))
def test_random_edits_give_the_same_as_a_first_load(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(DEFINITIONS, folder)
    edits = RandomEdits(folder, random.Random(seed))
    loader = IncrementalLoader([folder])
    for number in range(12):
        edits.edit()
        loaded = loader.load()
        assert loaded.findings == check_definitions([folder]), number
        if not loaded.refused:
            assert loaded.catalogue == load_catalogue(folder)


def test_unchanged_documents_are_kept(folder: Path) -> None:
    loader = IncrementalLoader([folder])
    before = loader.load()
    (folder / "second.yaml").write_text(SECOND)
    after = loader.load()
    assert before.documents[0] is after.documents[0]
    assert before.index.definitions.products["offer"] is after.index.definitions.products["offer"]
    (folder / "offer.yaml").write_text(OFFER + "# a comment\n")
    assert loader.load().documents[0] is not after.documents[0]


def test_catalogue_of_a_folder_needs_no_scenario(folder: Path) -> None:
    loader = CatalogueLoader(folder)
    before = loader.load().catalogue
    (folder / "test.yaml").write_text("kind: scenario\nid: wrong\nbogus: 1\n")
    assert check_definitions([folder])
    after = loader.load()
    assert (after.catalogue, after.findings) == (before, [])


def test_edit_within_the_clock_s_resolution_is_seen(folder: Path) -> None:
    loader = IncrementalLoader([folder])
    file = folder / "offer.yaml"
    for text in (OFFER, BROKEN.replace("mile_stone", "milestonE"), OFFER) * 5:
        file.write_text(text)
        assert loader.load().refused == ("milestonE" in text)


def test_removed_file_is_gone(folder: Path) -> None:
    loader = IncrementalLoader([folder])
    (folder / "second.yaml").write_text(SECOND)
    assert {*loader.load().catalogue.products} == {"offer", "second"}
    (folder / "second.yaml").unlink()
    assert {*loader.load().catalogue.products} == {"offer"}


def test_unsaved_text_replaces_the_file(folder: Path) -> None:
    loader = IncrementalLoader([folder])
    loader.set_unsaved(folder / "offer.yaml", BROKEN)
    loaded = loader.load()
    assert loaded.refused
    assert [(one.code, one.file) for one in loaded.findings] == [("key-unknown", str(folder / "offer.yaml"))]
    loader.forget_unsaved(folder / "offer.yaml")
    assert not loader.load().refused


def test_unsaved_text_may_be_a_new_file(folder: Path) -> None:
    loader = IncrementalLoader([folder])
    for name in ("new/second.yaml", "notes.txt", ".hidden/third.yaml"):
        loader.set_unsaved(folder / name, SECOND)
    assert {*loader.load().catalogue.products} == {"offer", "second"}
    loader.set_unsaved(folder.parent / "elsewhere.yaml", SECOND)
    assert {*loader.load().catalogue.products} == {"offer", "second"}


def test_unsaved_text_is_found_through_a_link(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    loader = IncrementalLoader([link])
    loader.set_unsaved(folder / "offer.yaml", BROKEN)
    assert {one.file for one in loader.load().findings} == {str(link / "offer.yaml")}


def test_orders_are_checked_with_the_catalogue_as_it_is_now(folder: Path, tmp_path: Path) -> None:
    order = tmp_path / "order.yaml"
    order.write_text("id: O-1\ncustomer: {id: C-1}\nlines: [{id: '1', product: second}]\n")
    loader = IncrementalLoader([folder, order])
    assert {one.file for one in loader.load().findings} == {str(order)}
    (folder / "second.yaml").write_text(SECOND)
    assert loader.load().findings == []


def test_environment_is_read_again(folder: Path, tmp_path: Path) -> None:
    (folder / "systems.yaml").write_text("kind: system\nid: crm\nbase_url: http://one.example\n")
    environment = tmp_path / "environment.yaml"
    environment.write_text("kind: system\nid: crm\nbase_url: http://two.example\n")
    loader = IncrementalLoader([folder], environment)
    assert loader.load().catalogue.systems["crm"].base_url == "http://two.example"
    environment.write_text("kind: system\nid: crm\nbase_url: http://three.example\n")
    assert loader.load().catalogue.systems["crm"].base_url == "http://three.example"

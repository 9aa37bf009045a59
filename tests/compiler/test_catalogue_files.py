"""The files of a catalogue as they are published: the same digest everywhere, and the same catalogue out of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compiler.catalogue_files import CatalogueFiles
from compiler.load_catalogue import load_catalogue, load_published, unpack_catalogue
from compiler.packed_catalogue import UnreadablePack, pack_files
from compiler.source.findings import CatalogueInvalid
from tests.support.paths import ROOT

OFFER = "kind: commercial_product\nid: welcome\nsteps: {greet: {milestone: true}}\n"


def test_the_same_catalogue_comes_out_with_places_relative_to_its_folder(tmp_path: Path) -> None:
    files = CatalogueFiles.unpack(CatalogueFiles.read(ROOT / "definitions").pack())
    catalogue, packed = load_published(files)
    assert catalogue.version == packed.version == load_catalogue(ROOT / "definitions").version
    assert catalogue.products["home_security"].location.file == "offers/home_security.yaml"
    files.write(tmp_path / "copy")
    assert CatalogueFiles.read(tmp_path / "copy") == files


def test_digest_depends_on_names_and_texts_and_not_on_the_folder(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b" / "c"
    shutil.copytree(ROOT / "definitions", first)
    shutil.copytree(ROOT / "definitions", second)
    digest = CatalogueFiles.read(first).digest
    assert CatalogueFiles.read(second).digest == digest
    (second / "retry.yaml").write_text((second / "retry.yaml").read_text() + "# a comment\n")
    assert CatalogueFiles.read(second).digest != digest
    (first / "retry.yaml").rename(first / "retries.yaml")
    assert CatalogueFiles.read(first).digest != digest


def test_hidden_files_and_other_kinds_of_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "offer.yaml").write_text(OFFER)
    (tmp_path / ".hidden.yaml").write_text("kind: nothing\n")
    (tmp_path / "notes.txt").write_text("kind: nothing\n")
    assert [name for name, _ in CatalogueFiles.read(tmp_path).files] == ["offer.yaml"]


def test_a_scenario_is_published_and_no_reason_to_refuse_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "offer.yaml").write_text(OFFER)
    (tmp_path / "scenario.yaml").write_text("kind: scenario\nid: x\norder: ../missing.yaml\n")
    files = CatalogueFiles.read(tmp_path)
    assert [name for name, _ in files.files] == ["offer.yaml", "scenario.yaml"]
    assert set(load_published(files)[0].products) == {"welcome"}
    (tmp_path / "offer.yaml").write_text(OFFER + "---\nkind: scenario\nid: y\norder: ../missing.yaml\n")
    catalogue, packed = load_published(CatalogueFiles.read(tmp_path))
    assert unpack_catalogue(packed) == catalogue


def test_the_environment_of_a_worker_overrides_systems(tmp_path: Path) -> None:
    folder, environment = tmp_path / "definitions", tmp_path / "environment.yaml"
    folder.mkdir()
    (folder / "offer.yaml").write_text(OFFER)
    (folder / "system.yaml").write_text("kind: system\nid: crm\nbase_url: http://crm.example\n")
    environment.write_text("kind: system\nid: crm\nbase_url: http://staging.example\n")
    catalogue, _ = load_published(CatalogueFiles.read(folder), environment)
    assert catalogue.systems["crm"].base_url == "http://staging.example"


def test_findings_name_places_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "offer.yaml").write_text(OFFER + "bogus: 1\n")
    with pytest.raises(CatalogueInvalid) as invalid:
        load_published(CatalogueFiles.read(tmp_path))
    assert str(invalid.value.findings[0]).startswith("offer.yaml:4:1")


@pytest.mark.parametrize(
    "name", ["../outside.yaml", "/etc/outside.yaml", "a/../../outside.yaml", "", "a\\..\\b.yaml", "a\0.yaml"]
)
def test_a_name_outside_the_folder_is_not_read(name: str) -> None:
    with pytest.raises(UnreadablePack, match="not below the folder"):
        CatalogueFiles.unpack(pack_files([(name, OFFER)]))

"""A packed catalogue: the same one comes out again, at the same places, without what is not part of its version."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from compiler.incremental_loader import CatalogueLoader
from compiler.load_catalogue import load_and_pack_catalogue, unpack_catalogue
from compiler.packed_catalogue import PackedCatalogue, UnreadablePack
from tests.support.paths import ROOT

MIXED = """\
# Greetings
kind: system
id: greeter
base_url: http://greeter.example/secret-path
---
kind: commercial_product
id: welcome
name: Wëlcome 👋
steps:
  greet: {call: {system: greeter, post: /greetings, body: {to: "${order.customer.name}"}}}
--- {kind: receiver, id: care, events: ["order.*"], url: "http://care.example"}
---
kind: retry
id: often
max_attempts: 9
"""
OVERRIDE = "kind: system\nid: greeter\nbase_url: http://staging.example\n"


def texts(packed: bytes) -> str:
    return "".join(text for _, text in json.loads(zlib.decompress(packed))["files"])


def test_shipped_catalogue_comes_out_the_same() -> None:
    catalogue, packed = load_and_pack_catalogue(CatalogueLoader(ROOT / "definitions"))
    unpacked = unpack_catalogue(packed)
    assert unpacked == catalogue
    assert len(packed.definitions) < 20_000


def test_systems_and_receivers_are_kept_apart_and_nothing_moves(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(MIXED)
    catalogue, packed = load_and_pack_catalogue(CatalogueLoader(tmp_path))
    assert unpack_catalogue(packed) == catalogue
    assert "example" not in texts(packed.definitions)
    assert "Wëlcome 👋" in texts(packed.definitions)
    assert "welcome" not in texts(packed.environment)


def test_systems_are_kept_as_the_environment_overrides_them(tmp_path: Path) -> None:
    folder, environment = tmp_path / "definitions", tmp_path / "staging.yaml"
    folder.mkdir()
    (folder / "all.yaml").write_text(MIXED)
    environment.write_text(OVERRIDE)
    catalogue, packed = load_and_pack_catalogue(CatalogueLoader(folder, environment))
    unpacked = unpack_catalogue(packed)
    assert unpacked.systems == catalogue.systems
    assert unpacked.systems["greeter"].base_url == "http://staging.example"
    assert packed.definitions == load_and_pack_catalogue(CatalogueLoader(folder))[1].definitions


@pytest.mark.parametrize("broken", [b"", b"nothing", zlib.compress(b"[]"), zlib.compress(b'{"format": 1, "files": 3}')])
def test_what_is_no_pack_is_refused(broken: bytes) -> None:
    with pytest.raises(UnreadablePack, match="cannot be unpacked"):
        unpack_catalogue(PackedCatalogue("v", broken, broken))


def test_later_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(MIXED)
    _, packed = load_and_pack_catalogue(CatalogueLoader(tmp_path))
    later = zlib.compress(b'{"format": 2, "files": []}')
    with pytest.raises(UnreadablePack, match="format is 2"):
        unpack_catalogue(replace(packed, definitions=later))

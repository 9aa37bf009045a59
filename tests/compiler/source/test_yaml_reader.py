"""YAML as the definitions are written in it: the core types of 1.2, places to the column, every slip in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.load_catalogue import check_definitions
from compiler.source.yaml_reader import read_documents
from tests.support.compiler.written_catalogues import assert_error

RETRY = "kind: retry\nid: slow\n"


def value(text: str) -> Any:
    reading = read_documents(f"x: {text}", "file.yaml")
    assert reading.findings == []
    return reading.documents[0].data["x"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("true", True), ("False", False), ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("10:00", "10:00"),
        ("01067", "01067"), ("0", 0), ("-5", -5), ("+5", 5), ("0x1F", 31), ("0o17", 15), ("1.50", 1.5), ("1e3", 1000.0),
        (".5", 0.5), ("-0.5", -0.5), ("1_000", "1_000"), ("2026-12-01", "2026-12-01"), ("~", None), ("null", None),
        ("", None), ("'5'", "5"), ('"true"', "true"), ("0b11", "0b11"), ("1.2.3", "1.2.3"), ("=", "="),
        ("1,5", "1,5"), ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z"),
    ],
)  # fmt: skip
def test_plain_scalars_follow_the_yaml_1_2_core_schema(text: str, meant: object) -> None:
    assert value(text) == meant
    assert type(value(text)) is type(meant)


def test_keys_are_always_text() -> None:
    assert value("{1: a, true: b, 01: c}") == {"1": "a", "true": "b", "01": "c"}


def test_duplicate_key_is_reported_at_the_second() -> None:
    assert_error(f"{RETRY}initial: 1s\n«initial: 2s\n", "yaml-duplicate-key", "`initial`", "line 3")


def test_quoted_and_unquoted_key_are_duplicates() -> None:
    assert_error("kind: commercial_product\nid: p\ndescription: a\n«'description': b\n", "yaml-duplicate-key")


def test_file_may_have_several_documents_and_empty_ones_are_skipped() -> None:
    documents = read_documents("---\na: 1\n---\n---\nb: 2\n...\n", "file.yaml").documents
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert documents[1].location(("b",), key=True) == ("file.yaml", 5, 1)


def test_json_is_yaml() -> None:
    assert value('{"a": [1, 2.5, "x", null, true]}') == {"a": [1, 2.5, "x", None, True]}


def test_byte_order_mark_is_ignored() -> None:
    assert read_documents(b"\xef\xbb\xbfa: 1", "file.yaml").documents[0].data == {"a": 1}


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        (f"{RETRY}«\tinitial: 1s", "yaml-syntax", "a tab cannot indent YAML: use spaces"),
        (f"{RETRY}name: «'never closed", "yaml-syntax", "the quote that begins here is never closed"),
        (f"{RETRY}name: a«: b", "yaml-syntax", "quote text with `: ` in it"),
        (f"{RETRY}name: «@x", "yaml-syntax", "text that begins with `@` must be quoted"),
        (f"{RETRY}name: «%x", "yaml-syntax", "text that begins with `%` must be quoted"),
        (f"{RETRY}name: «!x hello", "yaml-tag", "quote the text if it begins with `!`"),
        (f"{RETRY}«<<: {{}}", "yaml-merge-key", "not part of YAML 1.2"),
        (f"{RETRY}«[a]: 1", "yaml-key", "single text"),
        (f"{RETRY}name: «*x", "yaml-alias", "`&x`"),
        (f"{RETRY}name: &x [«*x]", "yaml-alias", "is inside"),
        (f"{RETRY}max_attempts: «99999999999999999999", "yaml-number", "too large"),
        (f"{RETRY}backoff: «.inf", "yaml-number", "not a number that can be calculated with"),
        (f"{RETRY}backoff: «1e999", "yaml-number", "too large"),
        (f"{RETRY}max_attempts: «!!int x", "yaml-tag", "not what its tag"),
        (f'{RETRY}name: "a«\\q"', "yaml-syntax", "backslash"),
        (f"{RETRY}intervals: [1s, 2s\nname«: x", "yaml-syntax", "closing `]` is missing"),
    ],
)
def test_yaml_error_is_one_finding_at_its_position(text: str, code: str, word: str) -> None:
    assert_error(text, code, word)


def test_list_item_without_blank_is_reported_at_the_next_item() -> None:
    text = "kind: commercial_product\nid: p\ndecomposes_to:\n  -product: a\n  «- product: b\n"
    assert_error(text, "yaml-syntax", "is a blank missing after `-`")


def test_alias_is_the_same_value() -> None:
    assert value("[&a {b: 1}, *a]") == [{"b": 1}, {"b": 1}]


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("attributes.camera > 1", 7),
        ("'attributes.camera > 1'", 8),
        ('"attributes.camera > 1"', 8),
        ('"\\u0061ttributes.camera > 1"', 8),
        ("&anchor attributes.camera > 1", 15),
        ("!!str attributes.camera > 1", 13),
    ],
)
def test_position_inside_a_text_is_that_of_the_character(written: str, column: int) -> None:
    document = read_documents(f"when: {written}", "file.yaml").documents[0]
    assert document.location_in_text(("when",), 0) == ("file.yaml", 1, column)
    shift = len("attributes.") + (5 if "\\u" in written else 0)
    assert document.location_in_text(("when",), len("attributes.")) == ("file.yaml", 1, column + shift)


def test_position_inside_a_multi_line_text_is_in_its_line() -> None:
    document = read_documents("when: |\n  first &&\n  second\n", "file.yaml").documents[0]
    assert document.location_in_text(("when",), len("first &&\n")) == ("file.yaml", 3, 3)
    document = read_documents("when: >-\n  first &&\n  second\n", "file.yaml").documents[0]
    assert document.location_in_text(("when",), len("first && ")) == ("file.yaml", 3, 3)
    document = read_documents("when: first &&\n  second\n", "file.yaml").documents[0]
    assert document.location_in_text(("when",), len("first && ")) == ("file.yaml", 2, 3)


def test_position_of_a_missing_value_is_that_of_its_parent() -> None:
    document = read_documents("a:\n  b: [1]\n", "file.yaml").documents[0]
    assert document.location(("a", "x", "y")) == ("file.yaml", 2, 3)
    assert document.location(("a", "b", 7)) == ("file.yaml", 2, 6)


def test_folder_is_read_in_path_order_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b.yaml", "a.yml", "sub/c.yaml", ".git/d.yaml", ".e.yaml", "f.txt"):
        (tmp_path / name).write_text("x: 1")
    found = check_definitions([tmp_path])
    assert [Path(finding.file).name for finding in found] == ["a.yml", "b.yaml", "c.yaml"]
    assert {finding.code for finding in found} == {"kind-missing"}

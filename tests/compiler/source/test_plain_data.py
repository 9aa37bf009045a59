"""The fast reader gives exactly what the reader with positions gives, or leaves the text to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compiler.source.plain_data import read_plain_data
from compiler.source.yaml_reader import DocumentBuilder, read_documents
from compiler.values import MAX_NESTING_DEPTH

SHIPPED = sorted([*Path("definitions").rglob("*.yaml"), *Path("orders").rglob("*.yaml")])
PIECES = (
    "a", "b", "kind", "<<", "1", "-5", "0x1F", ".5", "1e999", "9" * 30, "~", "null", "true", "No", "'1'", '"1"', "''",
    "2026-12-01", "x y", "é", ": ", ":", "\n", "\n  ", "\n    ", "- ", "? ", "[", "]", "{", "}", ", ", "&a ", "*a",
    "!!int ", "!", "!x ", "---\n", "...\n", "|\n  t\n", ">-\n  t\n", "# c\n", "%YAML 1.2\n", "\t",
)  # fmt: skip


def with_positions(text: str) -> DocumentBuilder:
    builder = DocumentBuilder(text, "file.yaml")
    builder.read()
    return builder


def types_of(data: object) -> object:
    """Tells apart what compares as equal: 1, 1.0 and true."""
    if isinstance(data, dict):
        return [(key, types_of(value)) for key, value in data.items()]
    return [types_of(item) for item in data] if isinstance(data, list) else (type(data), data)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example("a: 1\nb: [1, x, {c: ~}]\n---\n---\n- 1.0\n")
@example("? a\n: b\n")
@example("? [a]\n: b\n")
@example("a: 1\nkind: x\nkind: y\n")
def test_plain_data_is_the_data_of_the_reader_with_positions(text: str) -> None:
    plain = read_plain_data(text)
    if plain is not None:
        reference = with_positions(text)
        assert types_of(plain) == types_of(reference.values)
        assert reference.findings == []


@pytest.mark.parametrize("path", SHIPPED, ids=str)
def test_shipped_files_are_plain(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert types_of(read_plain_data(text)) == types_of(with_positions(text).values)


@pytest.mark.parametrize(
    "text",
    [
        "&a 1",
        "[*a]",
        "!!int 1",
        "a: !x b",
        "{<<: 1}",
        "{a: 1, a: 2}",
        "{[a]: 1}",
        "&a k: 1",
        "a: 1e999",
        "[",
        "a: b: c",
    ],
)
def test_what_may_be_wrong_is_left_to_the_reader_with_positions(text: str) -> None:
    assert read_plain_data(text) is None


@pytest.mark.parametrize("code", [0x00, 0x08, 0x0B, 0x1F, 0x7F, 0x84, 0x86, 0x9F, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF])
@pytest.mark.parametrize("text", ["a: b{}", "a: 'b{}'", "a: b # {}\n", "a: b\n# {}", "a: |\n  b{}\n"])
def test_forbidden_characters_are_left_to_the_reader_with_positions(text: str, code: int) -> None:
    assert read_plain_data(text.format("b")) is not None
    assert read_plain_data(text.format(chr(code))) is None


@pytest.mark.parametrize(("depth", "is_plain"), [(MAX_NESTING_DEPTH, True), (MAX_NESTING_DEPTH + 1, False)])
def test_nesting_has_the_same_limit(depth: int, is_plain: bool) -> None:
    text = "[" * depth + "]" * depth
    assert (read_plain_data(text) is not None) is is_plain
    assert (with_positions(text).findings == []) is is_plain


def test_every_document_of_a_file_has_its_own_positions() -> None:
    documents = read_documents("---\na: 1\n---\n---\nb:\n  c: 2\n", "file.yaml").documents
    assert [document.location() for document in documents] == [("file.yaml", 2, 1), ("file.yaml", 5, 1)]
    assert documents[1].location(("b", "c")) == ("file.yaml", 6, 6)
    assert documents[1].location(("b", "c"), key=True) == ("file.yaml", 6, 3)

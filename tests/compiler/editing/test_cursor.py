"""What is at a cursor, in texts as they are in the middle of an edit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.editing.cursor import Cursor, Position, find_cursors, word_at
from compiler.source.document import KeyPath
from tests.support.editors.cursor_text import split_cursor
from tests.support.paths import ROOT

OFFER = (ROOT / "definitions/offers/home_security.yaml").read_text()


def cursors(text: str) -> list[Cursor]:
    return find_cursors(*split_cursor(text))


def only(text: str) -> Cursor:
    found = cursors(text)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "path", "typed"),
    [
        ("kind: retry\nmax_att‸", ("max_att",), "max_att"),
        ("kind: retry\n‸", ("",), ""),
        ("kind: retry\n‸\nid: slow", ("",), ""),
        ("steps:\n  go:\n    na‸\n    milestone: true", ("steps", "go", "na"), "na"),
        ("steps:\n  go:\n    na‸me: Go", ("steps", "go", "name"), "na"),
        ("steps:\n  go: {mile‸}", ("steps", "go", "mile"), "mile"),
        ("steps:\n  go: {mile‸", ("steps", "go", "mile"), "mile"),
        ("steps:\n  go: {call: {system: s, po‸\n  other: {milestone: true}", ("steps", "go", "call", "po"), "po"),
        ("decomposes_to:\n  - product: hub\n    wh‸", ("decomposes_to", 0, "wh"), "wh"),
        ("decomposes_to:\n  - product: hub\n    ‸\n  - product: cam", ("decomposes_to", 0, ""), ""),
    ],
)
def test_keys(text: str, path: KeyPath, typed: str) -> None:
    found = only(text)
    assert (found.is_key, found.path, found.text[: found.offset]) == (True, path, typed)


@pytest.mark.parametrize(
    ("text", "path", "typed"),
    [
        ("kind: re‸", ("kind",), "re"),
        ("kind: ‸", ("kind",), ""),
        ("kind: ‸\nid: x", ("kind",), ""),
        ("steps:\n  go: {after: [a, b‸]}", ("steps", "go", "after", 1), "b"),
        ("steps:\n  go: {after: [a, b‸\n  next: {milestone: true}\n", ("steps", "go", "after", 1), "b"),
        ('body: "${attributes.‸}"', ("body",), "${attributes."),
        ('body: "${attributes.‸', ("body",), "${attributes."),
        ('body: {sku: "${attributes.‸\nother: 1', ("body", "sku"), "${attributes."),
        ("when: attributes.cameras > 0 && ‸", ("when",), "attributes.cameras > 0 && "),
        ("text: >-\n  ${a\n  .b‸}\nnext: 1", ("text",), "${a .b"),
    ],
)
def test_values(text: str, path: KeyPath, typed: str) -> None:
    found = only(text)
    assert (found.is_key, found.path, found.text[: found.offset]) == (False, path, typed)


def test_the_beginning_of_an_item_may_be_a_key_or_a_text() -> None:
    as_key, as_text = cursors("steps:\n  go:\n    after:\n      - re‸")
    assert (as_key.is_key, as_key.path) == (True, ("steps", "go", "after", 0, "re"))
    assert (as_text.is_key, as_text.path) == (False, ("steps", "go", "after", 0))


@pytest.mark.parametrize("text", ["# a comm‸ent", "kind: retry  # the ‸kind"])
def test_comments_are_nothing(text: str) -> None:
    assert cursors(text) == []


def test_a_key_below_a_text_is_no_continuation_of_it() -> None:
    found = only("decomposes_to:\n  - product: hub\n    quantity‸")
    assert found.is_key


def test_each_document_of_a_file_is_read_alone() -> None:
    found = only("kind: system\nid: [broken\n---\nkind: retry\nmax‸\n---\n{also broken")
    assert (found.kind, found.path) == ("retry", ("max",))


def test_lines_that_cannot_be_read_are_left_out() -> None:
    found = only("kind: retry\nid slow\nmax‸")
    assert found.path == ("max",)
    assert found.data["kind"] == "retry"


def test_the_rest_of_the_document_is_known() -> None:
    found = only("kind: retry\nid: slow\nmax‸\nbackoff: 3")
    assert found.data["backoff"] == 3


def test_the_word_around_a_position() -> None:
    assert word_at("a: ${attributes.cameras}", Position(0, 18)) == (Position(0, 16), "cameras")
    assert word_at("", Position(3, 9)) == (Position(3, 9), "")


@pytest.mark.parametrize("cut", range(0, len(OFFER), 37))
def test_an_offer_that_is_cut_anywhere_can_be_read(cut: int) -> None:
    text = OFFER[:cut].rstrip(" ")
    line = text.rpartition("\n")[2]
    found = find_cursors(text, Position(text.count("\n"), len(line)))
    is_over = "#" in line or line[-1:] in (":", "]", "}", '"', "")
    assert found or is_over


@given(st.text(alphabet="a:- \n{}[]\"'#|>&*!%@$,", max_size=60), st.integers(0, 8), st.integers(0, 20))
def test_no_text_is_too_broken(text: str, line: int, column: int) -> None:
    for cursor in find_cursors(text, Position(line, column)):
        assert 0 <= cursor.offset <= len(cursor.text)

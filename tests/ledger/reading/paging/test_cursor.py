from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reading.errors import InvalidSearch
from ledger.reading.paging.cursor import Cursor, decode_cursor, encode_cursor, list_digest

DIGEST = list_digest("orders", "started:desc")
VALUES = st.one_of(
    st.integers(-(2**60), 2**60),
    st.text(max_size=20).filter(lambda text: "\ud800" not in text),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)


@given(st.integers(0, 12), st.lists(VALUES, max_size=4))
def test_a_cursor_comes_back_as_it_was(phase: int, values: list[int | str | datetime]) -> None:
    cursor = Cursor(phase, tuple(values))
    assert decode_cursor(encode_cursor(cursor, DIGEST), DIGEST) == cursor


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None, DIGEST) is None


def test_cursor_of_another_list_is_refused() -> None:
    text = encode_cursor(Cursor(0, (1,)), list_digest("orders", "ended:desc"))
    with pytest.raises(InvalidSearch, match="another filter or sort"):
        decode_cursor(text, DIGEST)


@given(st.text(max_size=60))
def test_text_that_no_list_returned_is_refused(text: str) -> None:
    with pytest.raises(InvalidSearch, match="not one that this list returned"):
        decode_cursor(text, DIGEST)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_changed_cursor_is_refused(at: int, inserted: bytes) -> None:
    text = encode_cursor(Cursor(1, (datetime(2026, 1, 2, tzinfo=UTC) + timedelta(microseconds=7), 12)), DIGEST)
    changed = text[: at % len(text)] + base64.urlsafe_b64encode(inserted).decode()[:3] + text[at % len(text) :]
    with pytest.raises(InvalidSearch):
        decode_cursor(changed, DIGEST)

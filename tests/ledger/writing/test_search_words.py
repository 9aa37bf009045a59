from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.writing.search_words import MAX_WORD_LENGTH, MAX_WORDS, search_words, searched_words


def finds(search: str, *texts: str) -> bool:
    stored = search_words(texts)
    return all(any(word.startswith(beginning) for word in stored) for beginning in searched_words(search))


FOUND = ["hs-1001", "HS-10", "1001", "elm", "STREET elm", "Elm  14", "hs 1001", "o'b", "brien"]


@pytest.mark.parametrize("search", FOUND)
def test_beginnings_of_words_are_found(search: str) -> None:
    assert finds(search, "HS-1001", "Élm Street 14", "Mary O'Brien")


@pytest.mark.parametrize(
    ("search", "name"),
    [
        ("lodz", "Łódź"),
        ("łódź", "Łódź"),
        ("ŁÓDŹ", "Łódź"),
        ("sorensen", "Sørensen"),
        ("strasse", "Straße"),
        ("aero", "Ærø"),
        ("ærø", "ÆRØ"),
        ("isik", "I\u015f\N{LATIN SMALL LETTER DOTLESS I}k"),
        ("dordevic", "Đorđević-Þór"),
        ("thor", "Đorđević-Þór"),
    ],
)
def test_letters_that_unicode_does_not_take_apart_are_found_as_plain_ones(search: str, name: str) -> None:
    assert finds(search, name)


def test_a_search_still_finds_what_an_earlier_release_has_stored() -> None:
    """It stored words in the letters of the name alone."""
    assert searched_words("Łódź") == ["łodz"]
    assert search_words(["Łódź"]) == ["lodz", "łodz"]


def test_plain_letters_take_no_room_from_other_words() -> None:
    written = [f"ø{number}" for number in range(MAX_WORDS - 1)]
    stored = search_words([" ".join(written)])
    assert len(stored) == MAX_WORDS
    assert set(stored) >= set(written)


@pytest.mark.parametrize("search", ["001", "lm", "elm smith", "hs-1002"])
def test_other_words_are_not_found(search: str) -> None:
    assert not finds(search, "HS-1001", "Elm Street 14")


def test_words_are_sorted_without_repetition() -> None:
    assert search_words(["HS-1", "hs 1", None]) == ["1", "hs", "hs-1"]


def test_signs_at_the_ends_of_words_do_not_count() -> None:
    assert search_words(["Smith, (Elm) 'x-1'"]) == ["1", "elm", "smith", "x", "x-1"]
    assert searched_words("smith, -5 --") == ["smith", "5"]


def test_number_and_length_of_words_are_limited() -> None:
    words = search_words([" ".join(f"w{number}" for number in range(500)), "x" * 500])
    assert len(words) == MAX_WORDS
    assert search_words(["x" * 500]) == ["x" * MAX_WORD_LENGTH]
    assert searched_words("x" * 500) == ["x" * MAX_WORD_LENGTH]


def test_longest_word_is_searched_first() -> None:
    assert searched_words("a Smith of -- Elm") == ["smith", "elm", "of", "a"]


@given(st.lists(st.text(max_size=30), max_size=4))
def test_every_text_finds_itself(texts: list[str]) -> None:
    assert all(finds(text, *texts) for text in texts)

"""What a search looks for, as conditions of SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_

from ledger.reading.errors import InvalidSearch
from ledger.schema.tables import order_words, work_items
from ledger.writing.search_words import searched_words

Condition = ColumnElement[bool]


def text_value(value: str) -> str:
    """Raises InvalidSearch for a NUL, which PostgreSQL cannot carry, and for half a surrogate pair."""
    if "\0" in value:
        raise InvalidSearch("A search cannot contain the character NUL")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidSearch("A search cannot contain half a surrogate pair") from None
    return value


def between(column: ColumnElement[Any], since: datetime | None, until: datetime | None) -> list[Condition]:
    conditions = [] if since is None else [column >= since]
    return conditions if until is None else [*conditions, column < until]


def words_of(search: str) -> list[str]:
    """Raises InvalidSearch if it has no word."""
    words = searched_words(text_value(search))
    if not words:
        raise InvalidSearch(f"`{search}` has no letter and no digit to search for")
    return words


def begins_with(word: str, stored: ColumnElement[str] = order_words.c.word) -> Condition:
    """The stored words that begin so, as a range of the index."""
    return and_(stored >= word, stored < _following(word))


def _following(word: str) -> str:
    """The first text behind all that begin with `word`."""
    last = ord(word[-1])
    following = 0xE000 if last == 0xD7FF else min(last + 1, 0x10FFFF)  # not a surrogate
    return word[:-1] + chr(following)


def has_word(word: str, key: ColumnElement[int]) -> Condition:
    """The order has a word that begins so."""
    words = order_words.alias()
    return exists().where(words.c.order_key == key, begins_with(word, words.c.word))


def in_queue(queue: str) -> Condition:
    """Steps that the queue's people see: as workflows.contract.worklists.is_in_queue."""
    value = text_value(queue)
    at = work_items.c
    return or_(at.queue == value, at.second_queue == value, at.third_queue == value)

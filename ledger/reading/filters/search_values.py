"""What a search looks for, as conditions of SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from ledger.database import is_sqlite
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


def is_word(word: str, stored: ColumnElement[str] = order_words.c.word) -> Condition:
    return stored == word


def has_word(
    word: str, key: ColumnElement[int], fits: Callable[[str, ColumnElement[str]], Condition] = begins_with
) -> Condition:
    """The order has a word that fits: one that begins so, or is_word."""
    words = order_words.alias()
    return exists().where(words.c.order_key == key, fits(word, words.c.word))


def find_only_words(connection: Connection, search: str | None) -> dict[str, str]:
    """Beginning of a word that is searched for → the word that begins so, if all orders that fit have the same. For
    PostgreSQL, which finds the orders of a whole word in the order of their keys: empty on SQLite. Raises
    InvalidSearch."""
    if search is None or is_sqlite(connection):
        return {}
    beginnings = words_of(search)
    stored = order_words.c.word
    ends = [select(end(stored)).where(begins_with(each)).scalar_subquery() for each in beginnings for end in _ENDS]
    found = connection.execute(select(*ends)).one()
    return {
        beginning: first
        for beginning, first, last in zip(beginnings, found[::2], found[1::2], strict=True)
        if first is not None and first == last
    }


_ENDS = (func.min, func.max)


def in_queue(queue: str) -> Condition:
    """Steps that the queue's people see: as workflows.contract.worklists.is_in_queue."""
    value = text_value(queue)
    at = work_items.c
    return or_(at.queue == value, at.second_queue == value, at.third_queue == value)

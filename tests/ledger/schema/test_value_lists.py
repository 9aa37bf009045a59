"""Conditions on many values: what they find, and that a statement's text does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select

from ledger.database import write_transaction
from ledger.schema.tables import order_words
from ledger.schema.value_lists import IsOneOf

WORDS = {1: "elm", 2: "smith", 3: 'with "quotes", a comma and \\'}


@pytest.fixture
def words(ledger_database: Engine) -> Engine:
    with write_transaction(ledger_database) as connection:
        connection.execute(insert(order_words), [{"order_key": key, "word": word} for key, word in WORDS.items()])
    return ledger_database


def find(engine: Engine, column: str, values: Collection[Any]) -> set[int]:
    query = select(order_words.c.order_key).where(IsOneOf(order_words.c[column], "wanted"))
    with engine.connect() as connection:
        return set(connection.execute(query, {"wanted": values}).scalars())


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        ("order_key", {3, 1, 99}, {1, 3}),
        ("order_key", [], set()),
        ("word", {"elm", "oak"}, {1}),
        ("word", dict.fromkeys(WORDS.values()).keys(), {1, 2, 3}),
        ("word", set(), set()),
    ],
)
def test_what_has_one_of_the_values_is_found(
    words: Engine, column: str, values: Collection[Any], found: set[int]
) -> None:
    assert find(words, column, values) == found


def test_a_statement_is_the_same_for_any_number_of_values(words: Engine) -> None:
    statements: set[str] = set()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.add(statement)

    event.listen(words, "before_cursor_execute", note)
    for count in (0, 1, 500):
        find(words, "order_key", range(count))
    assert len(statements - {"BEGIN"}) == 1

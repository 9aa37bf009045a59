"""What a search looks for, among the words that are stored."""

from __future__ import annotations

from ledger.database import is_sqlite
from ledger.reading.filters.search_values import find_only_words
from tests.support.ledger.filled_ledgers import FilledLedger


def test_a_beginning_of_one_word_alone_is_completed(filled: FilledLedger) -> None:
    with filled.engine.connect() as connection:
        found = find_only_words(connection, "smi Elm hart nothing so-000001")
    assert found == ({} if is_sqlite(filled.engine) else {"smi": "smith", "elm": "elm"})

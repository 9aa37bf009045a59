"""What a bulk job was begun for, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_runner import BulkFilter
from operations.bulk.selection_words import MAX_LENGTH, selection_words
from workflows.contract import actions
from workflows.contract.order_messages import Actor

ANN = Actor(by="ann")
EIGHT = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (BulkCommand(actions.RETRY, ANN, BulkFilter()), "steps in fallout"),
        (
            BulkCommand(actions.RETRY, ANN, BulkFilter(system="crm", code="503", since=EIGHT, limit=1200)),
            "steps in fallout · system crm · code 503 · since 2026-12-01 08:00 UTC · at most 1,200",
        ),
        (
            BulkCommand(actions.CLAIM, ANN, BulkFilter(queue="field_force"), "tasks"),
            "tasks · queue field_force",
        ),
        (BulkCommand(actions.CANCEL, ANN, BulkFilter(customer="C-42")), "running orders · customer C-42"),
        (BulkCommand(actions.CANCEL, ANN, BulkFilter(code="503")), "orders with a step in fallout · code 503"),
        (BulkCommand(actions.RESUME, ANN, BulkFilter(product="wan")), "held orders · product wan"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_all_criteria_are_named(command: BulkCommand, words: str) -> None:
    assert selection_words(command) == words


def test_long_criteria_are_cut() -> None:
    assert len(selection_words(BulkCommand(actions.RETRY, ANN, BulkFilter(customer="x" * 1000)))) == MAX_LENGTH

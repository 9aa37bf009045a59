"""Visibility queries: what comes from outside stays a value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from operations.reading.list_orders import OrderFilter, visibility_query
from operations.temporal.visibility import quote_literal
from workflows.contract.states import OrderState


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("C-42", "'C-42'"),
        ("O'Hara", "'O''Hara'"),
        ("' OR ExecutionStatus = 'Running", "''' OR ExecutionStatus = ''Running'"),
        ("back\\slash", "'back\\\\slash'"),
    ],
)
def test_value_cannot_leave_its_quotes(value: str, literal: str) -> None:
    assert quote_literal(value) == literal


def test_empty_filter_omits_only_continued_runs() -> None:
    assert visibility_query(OrderFilter()) == "WorkflowType = 'FulfilOrder' AND ExecutionStatus != 'ContinuedAsNew'"


def test_every_criterion_becomes_a_term() -> None:
    since = datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=1)))
    query = visibility_query(OrderFilter(OrderState.IN_PROGRESS, "C-42", "home_security", True, True, True, since))
    terms = query.split(" AND ")
    assert terms[2:] == [
        "OrderState = 'in_progress'",
        "ExecutionStatus IN ('Running', 'Completed')",
        "CustomerId = 'C-42'",
        "Products = 'home_security'",
        "Jeopardy = 'late'",
        "FalloutCount > 0",
        "OpenTasks > 0",
        "ExecutionStatus = 'Running'",
        "StartTime >= '2026-12-01T08:00:00.000000Z'",
    ]
    assert since.astimezone(UTC).hour == 8

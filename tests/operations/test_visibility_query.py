"""Visibility queries: what comes from outside stays a value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ledger.reading.filters.order_filter import OrderFilter
from operations.reading.list_orders import visibility_query
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
    query = visibility_query(
        OrderFilter((OrderState.IN_PROGRESS,), "C-42", "home_security", True, True, True, None, since)
    )
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
    on_version = visibility_query(OrderFilter(catalogue_version="sha256:ab"))
    assert on_version.split(" AND ")[2:] == ["CatalogueVersion = 'sha256:ab'"]


def test_several_states_are_a_union() -> None:
    query = visibility_query(OrderFilter((OrderState.HELD, OrderState.IN_PROGRESS, OrderState.HELD)))
    assert query.endswith(
        "((OrderState = 'held' AND ExecutionStatus IN ('Running', 'Completed')) OR "
        "(OrderState = 'in_progress' AND ExecutionStatus IN ('Running', 'Completed')))"
    )


def test_late_orders_are_open_unless_states_are_given() -> None:
    assert "ExecutionStatus = 'Running'" in visibility_query(OrderFilter(late=True))
    assert "ExecutionStatus = 'Running'" not in visibility_query(OrderFilter((OrderState.COMPLETED,), late=True))


def test_queue_also_finds_orders_that_do_not_show_their_queues() -> None:
    query = visibility_query(OrderFilter(open_tasks=True, queue="care's"))
    assert "((Queues = 'care''s') OR (Queues = '*') OR (Queues IS NULL))" in query

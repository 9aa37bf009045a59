"""Lists of work of generated orders, compared with what a plain loop over them finds."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.reading.errors import InvalidSearch
from ledger.reading.filters.work_criteria import WorkKind
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.paging.sorting import WorkColumn
from ledger.reading.work_lists import collected_work, work_list
from ledger.reading.work_lists.work_groups import AGES, group_tasks
from operations.reading.worklists import work_condition
from tests.support.ledger.filled_ledgers import FilledLedger
from workflows.contract.order_changes import OrderChange
from workflows.contract.states import ENDED_ORDER_STATES, StepState
from workflows.contract.step_record import StepRecord
from workflows.contract.worklists import is_in_queue, is_task

Item = tuple[OrderChange, StepRecord]


def work_of(filled: FilledLedger, kind: WorkKind) -> list[Item]:
    def fits(step: StepRecord) -> bool:
        return step.state is StepState.FATALLY_FAILED if kind == "fallout" else is_task(step)

    running = (change for change in filled.changes if change.order.state not in ENDED_ORDER_STATES)
    return [(change, step) for change in running for step in change.steps if fits(step)]


def read_all(filled: FilledLedger, kind: WorkKind, criteria: WorkFilter, sort: str | None) -> list[tuple[str, int]]:
    found, cursor = [], None
    while True:
        page, _ = filled.reader.list_work(kind, replace(criteria, limit=7), sort, cursor)
        found += [(item.order_id, item.step.number) for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


FILTERS: dict[str, tuple[WorkFilter, Callable[[Item], bool]]] = {
    "everything": (WorkFilter(), lambda _: True),
    "queue": (WorkFilter(queue="care"), lambda item: is_in_queue(item[1], "care")),
    "customer": (WorkFilter(customer="C-000001"), lambda item: item[0].order.customer["id"] == "C-000001"),
    "product": (WorkFilter(product="offer_01"), lambda item: "offer_01" in item[0].order.products),
    "search": (WorkFilter(search="so-00029"), lambda item: item[0].order_id.startswith("SO-00029")),
}
OF_STEPS = {
    "holder": WorkFilter(holder="agent07"),
    "nobody": WorkFilter(holder=""),
    "system": WorkFilter(system="logistics"),
    "code": WorkFilter(code="timeout"),
    "late": WorkFilter(late=True),
    "since": WorkFilter(since=datetime(2026, 10, 20, tzinfo=UTC)),
    "until": WorkFilter(until=datetime(2026, 10, 20, tzinfo=UTC)),
    "due": WorkFilter(due_until=datetime(2026, 10, 25, tzinfo=UTC)),
}


@pytest.mark.parametrize("kind", ["task", "fallout"])
@pytest.mark.parametrize("name", FILTERS)
def test_filter_finds_the_steps_of_the_orders_that_fit(filled: FilledLedger, kind: WorkKind, name: str) -> None:
    criteria, fits = FILTERS[name]
    expected = [(item[0].order_id, item[1].number) for item in work_of(filled, kind) if fits(item)]
    assert sorted(read_all(filled, kind, criteria, None)) == sorted(expected)
    page, _ = filled.reader.list_work(kind, criteria)
    assert (page.total, page.is_exact, page.order_count) == (len(expected), True, len({each[0] for each in expected}))


@pytest.mark.parametrize("kind", ["task", "fallout"])
@pytest.mark.parametrize("name", OF_STEPS)
def test_the_ledger_and_the_orders_find_the_same_steps(filled: FilledLedger, kind: WorkKind, name: str) -> None:
    fits = work_condition(OF_STEPS[name], datetime.now(UTC))
    expected = [(change.order_id, step.number) for change, step in work_of(filled, kind) if fits(step)]
    assert sorted(read_all(filled, kind, OF_STEPS[name], None)) == sorted(expected)


VALUES: dict[WorkColumn, Callable[[Item], Any]] = {
    WorkColumn.DUE: lambda item: item[1].due,
    WorkColumn.SINCE: lambda item: (item[1].error.at if item[1].error else None) or item[1].started_at,
    WorkColumn.ORDER: lambda item: item[0].order_id,
    WorkColumn.QUEUE: lambda item: item[1].queue,
    WorkColumn.HOLDER: lambda item: item[1].holder,
    WorkColumn.SYSTEM: lambda item: item[1].system,
    WorkColumn.CODE: lambda item: item[1].error.code if item[1].error else None,
    WorkColumn.CUSTOMER: lambda item: item[0].order.customer["id"],
}


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("kind", ["task", "fallout"])
@pytest.mark.parametrize("column", VALUES)
def test_sort_with_pages_has_every_step_once(
    filled: FilledLedger, kind: WorkKind, column: WorkColumn, direction: str
) -> None:
    items = {(item[0].order_id, item[1].number): item for item in work_of(filled, kind)}
    found = read_all(filled, kind, WorkFilter(), f"{column}:{direction}")
    assert sorted(found) == sorted(items)
    values = [VALUES[column](items[key]) for key in found]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known
    assert known == sorted(known, reverse=direction == "desc")


SEVERAL = {
    "product": WorkFilter(product="offer_00"),
    "beginnings of words": WorkFilter(search="so c"),
    "whole word": WorkFilter(search="garden"),
    "product and word": WorkFilter(product="offer_00", search="hart"),
    "product and queue": WorkFilter(product="offer_00", queue="care"),
}


@pytest.mark.parametrize("kind", ["task", "fallout"])
@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("sort", ["due", "queue:desc", "since", "order"])
def test_every_way_to_read_a_list_finds_the_same_steps(
    filled: FilledLedger, kind: WorkKind, name: str, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_all(filled, kind, SEVERAL[name], sort)
    assert expected
    monkeypatch.setattr(collected_work, "MAX_LISTED", 0)
    assert read_all(filled, kind, SEVERAL[name], sort) == expected, "compared one by one"
    monkeypatch.setattr(collected_work, "MAX_EXACT", 2)
    monkeypatch.setattr(work_list, "MAX_EXACT", 2)
    assert read_all(filled, kind, SEVERAL[name], sort) == expected, "not sorted"
    monkeypatch.setattr(collected_work, "MAX_LISTED", 50_000)
    assert read_all(filled, kind, SEVERAL[name], sort) == expected, "found by keys, more than are counted"
    page, _ = filled.reader.list_work(kind, SEVERAL[name], sort)
    assert (page.total, page.is_exact) == (min(len(expected), 2), len(expected) <= 2)


def test_fallout_is_grouped_by_system_and_code(filled: FilledLedger) -> None:
    groups, _ = filled.reader.group_fallout(WorkFilter())
    expected = Counter((step.system, step.error.code if step.error else None) for _, step in work_of(filled, "fallout"))
    assert {(group.system, group.code): group.steps for group in groups} == dict(expected)
    assert [group.steps for group in groups] == sorted((group.steps for group in groups), reverse=True)


def test_tasks_are_grouped_by_queue_and_age(filled: FilledLedger) -> None:
    tasks = work_of(filled, "task")
    began = sorted(step.started_at for _, step in tasks if step.started_at is not None)
    now = began[-1] + timedelta(minutes=30)
    with filled.engine.connect() as connection:
        groups = group_tasks(connection, WorkFilter(), now)
    for group in groups:
        steps = [step for _, step in tasks if step.queue == group.queue]
        ages = [now - step.started_at for step in steps if step.started_at is not None]
        limits = (timedelta(0), *AGES, timedelta.max)
        expected = tuple(sum(low <= age < high for age in ages) for low, high in itertools.pairwise(limits))
        assert (group.tasks, group.by_age) == (len(steps), expected)
        assert group.unclaimed == sum(step.holder is None for step in steps)
        assert group.late == sum(step.due is not None and step.due < now for step in steps)
        assert group.oldest == min(step.started_at for step in steps if step.started_at is not None)
    assert sum(group.tasks for group in groups) == len(tasks)


def test_cursor_of_the_other_list_is_refused(filled: FilledLedger) -> None:
    page, _ = filled.reader.list_work("task", WorkFilter(limit=3))
    with pytest.raises(InvalidSearch, match="another filter or sort"):
        filled.reader.list_work("fallout", WorkFilter(limit=3), None, page.next_cursor)

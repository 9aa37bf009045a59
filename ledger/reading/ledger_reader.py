"""Asks the ledger. Every method opens a connection of its own and blocks: asynchronous callers use a thread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from activity_contract.line_reasons import LineReason
from ledger.database import describe_location, is_sqlite, ledger_errors, open_ledger
from ledger.postgresql_settings import INDEX_PLANS
from ledger.reading import changes
from ledger.reading.changes import ChangedOrders, OpenWork, Pulse
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_criteria import WorkKind
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.freshness import Freshness, read_freshness
from ledger.reading.order_lists import order_list
from ledger.reading.order_lists.archived_matches import ArchivedMatches, find_archived_matches
from ledger.reading.order_lists.order_list import OrderList
from ledger.reading.order_lists.order_search import OrderTotal
from ledger.reading.order_lists.row_details import RowDetails, read_row_details
from ledger.reading.paging.sorting import parse_order_sort, parse_work_sort
from ledger.reading.single_order import (
    attempts,
    line_reasons,
    order_record,
    plan_rows,
    step_times,
    submissions,
)
from ledger.reading.single_order.attempts import StoredAttempt
from ledger.reading.single_order.history_page import HistoryPage, HistoryRequest
from ledger.reading.single_order.order_record import OrderHead, OrderRecordRead
from ledger.reading.single_order.order_storage import read_storage
from ledger.reading.single_order.plan_rows import StoredPlan
from ledger.reading.single_order.submissions import StoredSubmission
from ledger.reading.single_order.timed_steps import TimedStep
from ledger.reading.single_order.used_ids import UsedIdRow, find_used_id
from ledger.reading.time_limit import limited
from ledger.reading.work_lists import work_groups, work_list
from ledger.reading.work_lists.system_work import WorkAtSystem, read_work_at_system
from ledger.reading.work_lists.work_groups import FalloutGroup, TaskGroup
from ledger.reading.work_lists.work_list import WorkList
from ledger.retention.archived_order import archived_order, is_archived
from ledger.settings import read_ledger_url
from workflows.contract.order_changes import AmendmentRecord
from workflows.contract.order_views import StepView

AnswerT = TypeVar("AnswerT")

TIME_LIMIT = 10.0
"""Seconds for one question. Those that docs/ledger.md lists take milliseconds."""

_POSTGRESQL_SETTINGS = INDEX_PLANS | {
    "max_parallel_workers_per_gather": "0",
    "random_page_cost": "1.1",
}
"""A list never reads a whole table, nor all orders that have a word: an index has what it shows, and the planner shall
not think that a scan is cheaper because it may end early. To start a parallel worker takes longer than most lists."""


class LedgerReader:
    """Its methods raise LedgerUnusable if the database does not answer, SearchTooSlow, and InvalidSearch."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def location(self) -> str:
        """For people, without a password."""
        return describe_location(self.engine.url)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with (
            ledger_errors(self.engine),
            self.engine.connect() as connection,
            connection.begin(),
            limited(connection, TIME_LIMIT, _POSTGRESQL_SETTINGS),
        ):
            yield connection

    @contextmanager
    def snapshot(self, time_limit: float | None = None) -> Iterator[Connection]:
        """One state of the database for several questions, such as those of a report. `time_limit` is in seconds."""
        options: dict[str, Any] = {} if is_sqlite(self.engine) else {"isolation_level": "REPEATABLE READ"}
        with (
            ledger_errors(self.engine),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
            limited(connection, time_limit),
        ):
            yield connection

    def list_orders(
        self, criteria: OrderFilter, sort: str | None = None, cursor: str | None = None
    ) -> tuple[OrderList, Freshness]:
        with self._reading() as connection:
            found = order_list.read_order_list(connection, criteria, parse_order_sort(sort), cursor)
            return found, read_freshness(connection)

    def count_orders(self, criteria: OrderFilter) -> tuple[OrderTotal, Freshness]:
        with self._reading() as connection:
            return order_list.count_orders(connection, criteria), read_freshness(connection)

    def count_each(self, wanted: Mapping[str, OrderFilter]) -> dict[str, OrderTotal]:
        """How many orders fit each of several filters, by the filter's name."""
        with self._reading() as connection:
            return {name: order_list.count_orders(connection, criteria) for name, criteria in wanted.items()}

    def read_row_details(self, order_ids: Collection[str]) -> dict[str, RowDetails]:
        with self._reading() as connection:
            return read_row_details(connection, order_ids)

    def find_archived_matches(self, criteria: OrderFilter) -> ArchivedMatches:
        with self._reading() as connection:
            return find_archived_matches(connection, criteria)

    def find_used_id(self, order_id: str) -> UsedIdRow | None:
        """None if no order with this id was ever accepted."""
        with self._reading() as connection:
            return find_used_id(connection, order_id)

    def list_work(
        self, kind: WorkKind, criteria: WorkFilter, sort: str | None = None, cursor: str | None = None
    ) -> tuple[WorkList, Freshness]:
        with self._reading() as connection:
            found = work_list.read_work_list(connection, kind, criteria, parse_work_sort(sort), cursor)
            return found, read_freshness(connection)

    def group_fallout(self, criteria: WorkFilter) -> tuple[Sequence[FalloutGroup], Freshness]:
        with self._reading() as connection:
            return work_groups.group_fallout(connection, criteria), read_freshness(connection)

    def group_tasks(self, criteria: WorkFilter) -> tuple[Sequence[TaskGroup], Freshness]:
        with self._reading() as connection:
            return work_groups.group_tasks(connection, criteria), read_freshness(connection)

    def read_holders(self) -> list[str]:
        """Everybody who holds work now."""
        with self._reading() as connection:
            return work_groups.read_holders(connection)

    def read_work_at_system(self, system: str) -> tuple[WorkAtSystem, Freshness]:
        with self._reading() as connection:
            return read_work_at_system(connection, system), read_freshness(connection)

    def read_head(self, order_id: str) -> OrderHead | None:
        head, _ = self._ask_order(order_id, lambda connection: order_record.read_head(connection, order_id))
        return head

    def read_submissions(self, order_id: str) -> tuple[list[StoredSubmission], Freshness]:
        """The oldest first. Empty: the ledger does not have the order."""
        with self._reading() as connection:
            return submissions.read_submissions(connection, order_id), read_freshness(connection)

    def read_order(
        self, order_id: str, submission: str | None = None, *, with_steps: bool = True
    ) -> tuple[OrderRecordRead | None, Freshness]:
        """This submission; without one, the latest. None: the ledger does not have it."""

        def read(connection: Connection) -> OrderRecordRead | None:
            return order_record.read_order(connection, order_id, submission, with_steps=with_steps)

        found, freshness = self._ask_order(order_id, read, submission)
        if found is None:
            return found, freshness
        with self._reading() as connection:
            storage = read_storage(connection, order_id, found.head.submission)
        return replace(found, storage=storage), freshness

    def read_attempts(
        self, order_id: str, step: str | None = None, submission: str | None = None
    ) -> list[StoredAttempt]:
        """Of this submission; without one, of the latest."""

        def read(connection: Connection) -> list[StoredAttempt]:
            return attempts.read_attempts(connection, order_id, None if step is None else [step], submission)

        found, _ = self._ask_order(order_id, read, submission)
        return found

    def read_step_times(self, order_id: str) -> list[TimedStep] | None:
        """All steps, by number. None: the ledger does not have the order."""

        def read(connection: Connection) -> list[TimedStep] | None:
            head = order_record.read_head(connection, order_id)
            return None if head is None else step_times.read_step_times(connection, head.key)

        found, _ = self._ask_order(order_id, read)
        return found

    def read_plan(self, order_id: str) -> StoredPlan | None:
        """None: the ledger does not have all of the order, or has moved it to the archive."""
        with self.snapshot(TIME_LIMIT) as connection:
            return plan_rows.read_plan(connection, order_id)

    def read_attempted_steps(
        self, order_id: str, numbers: Sequence[int]
    ) -> tuple[list[StepView], list[StoredAttempt]] | None:
        """Some steps, with the attempts at their calls. None: the ledger does not have the order."""

        def read(connection: Connection) -> tuple[list[StepView], list[StoredAttempt]] | None:
            head = order_record.read_head(connection, order_id)
            if head is None:
                return None
            found = order_record.read_steps(connection, head.key, numbers=numbers)
            return found, attempts.read_attempts(connection, order_id, [step.id for step in found])

        found, _ = self._ask_order(order_id, read)
        return found

    def read_history_page(
        self, order_id: str, request: HistoryRequest
    ) -> tuple[tuple[OrderHead, HistoryPage] | None, Freshness]:
        """None: the ledger does not have the order."""

        def read(connection: Connection) -> tuple[OrderHead, HistoryPage] | None:
            head = order_record.read_head(connection, order_id)
            return None if head is None else (head, order_record.read_history_page(connection, head.key, request))

        return self._ask_order(order_id, read)

    def read_amendments(self, order_id: str, submission: str | None = None) -> list[AmendmentRecord] | None:
        """Of this submission; without one, of the latest. None: the ledger does not have it."""

        def read(connection: Connection) -> list[AmendmentRecord] | None:
            head = order_record.read_head(connection, order_id, submission)
            return None if head is None else order_record.read_amendments(connection, head.key)

        found, _ = self._ask_order(order_id, read, submission)
        return found

    def read_line_reasons(self, order_id: str) -> list[LineReason] | None:
        """None: the ledger does not have the order."""

        def read(connection: Connection) -> list[LineReason] | None:
            head = order_record.read_head(connection, order_id)
            return None if head is None else line_reasons.read_line_reasons(connection, head.key)

        found, _ = self._ask_order(order_id, read)
        return found

    def read_submitted(self, order_id: str) -> tuple[dict[str, Any] | None, int | None]:
        """The order as submitted or amended last; None: the ledger does not know it. And the key of the erasure of its
        personal data, if that was erased."""

        def read(connection: Connection) -> tuple[dict[str, Any] | None, str | None]:
            head = order_record.read_head(connection, order_id)
            return order_record.read_submitted(connection, order_id), head.submission if head is not None else None

        (found, submission), _ = self._ask_order(order_id, read)
        if submission is None:
            return found, None
        with self._reading() as connection:
            return found, read_storage(connection, order_id, submission).erasure

    def _ask_order(
        self, order_id: str, question: Callable[[Connection], AnswerT], submission: str | None = None
    ) -> tuple[AnswerT, Freshness]:
        """Asks the archive if the order (or this submission of it) was moved there. Raises LedgerUnusable also if the
        archive cannot be read."""
        with self._reading() as connection:
            freshness = read_freshness(connection)
            head = order_record.read_head(connection, order_id, submission)
            if head is not None or not is_archived(connection, order_id):
                return question(connection), freshness
        with archived_order(self.engine, order_id) as archived, archived.connect() as connection:
            return question(connection), freshness

    def read_freshness(self) -> Freshness:
        with self._reading() as connection:
            return read_freshness(connection)

    def read_pulse(self, order_ids: Collection[str]) -> Pulse:
        with self._reading() as connection:
            return changes.read_pulse(connection, order_ids)

    def read_step_versions(self, order_key: int) -> dict[int, int]:
        with self._reading() as connection:
            return changes.read_step_versions(connection, order_key)

    def read_some_steps(
        self, order_key: int, *, numbers: Sequence[int] | None = None, ids: Sequence[str] | None = None
    ) -> list[StepView]:
        with self._reading() as connection:
            return order_record.read_steps(connection, order_key, numbers=numbers, ids=ids)

    def read_changed_orders(self, since: datetime, limit: int) -> ChangedOrders:
        with self._reading() as connection:
            return changes.read_changed_orders(connection, since, limit)

    def read_open_work(self, limit: int) -> tuple[list[OpenWork], dict[tuple[str, str | None], int]]:
        """Steps that wait for a person, at most `limit`, and how many there are by kind and queue."""
        with self._reading() as connection:
            return changes.read_open_work(connection, limit), changes.count_open_work(connection)

    def close(self) -> None:
        self.engine.dispose()


def open_reader(environment: Mapping[str, str] | None = None) -> LedgerReader | None:
    """The ledger that ORDO_LEDGER_URL names. None: there is none. Raises LedgerUnusable if the URL is wrong."""
    url = read_ledger_url() if environment is None else read_ledger_url(environment)
    return None if url is None else LedgerReader(open_ledger(url, application="ordo reader"))

"""The activity that reconciles. Its heartbeats show how far it is, its result what it has done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from ledger.database import describe_location, is_sqlite
from ledger.error_reasons import database_error_reason
from ledger.feed.ledger_feed import schema_problem
from ledger.migrations.schema_version import read_schema_state, upgrade
from ledger.reconciliation.reconciler import OtherNamespace, Reconciler
from ledger.reconciliation.reconciliation_messages import RECONCILE_LEDGER
from ledger.reconciliation.settings import ReconciliationSettings
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.retention.erasure import continue_erasures
from ledger.settings import LedgerUnusable

HEARTBEAT_PAUSE = 20.0
"""Seconds. Cleaning a large database takes minutes, and its heartbeat timeout is shorter."""


class ReconciliationActivity:
    def __init__(self, client: Client, task_queue: str, engine: Engine, settings: ReconciliationSettings) -> None:
        self._client = client
        self._task_queue = task_queue
        self._engine = engine
        self._settings = settings

    @activity.defn(name=RECONCILE_LEDGER)
    async def reconcile(self) -> ReconciliationSummary:
        """Fails for good if the ledger cannot be used: the schedule's next run tries again. A database that was
        restarted has ended the connections that were open, so after a broken one it is tried once more."""
        try:
            await asyncio.to_thread(self._check_schema)
            summary = await Reconciler(
                self._client, self._task_queue, self._engine, self._settings, on_progress=_report_progress
            ).run()
            await _with_heartbeats(continue_erasures(self._engine, self._client))
        except DBAPIError as error:
            place = describe_location(self._engine.url)
            message = f"The ledger ({place}) cannot be used: {database_error_reason(error)}"
            raise _failure(message, is_final=not error.connection_invalidated) from None
        except (LedgerUnusable, OtherNamespace) as error:
            raise _failure(str(error)) from None
        if summary.repaired or summary.failed or summary.deleted:
            activity.logger.info("the ledger was reconciled", extra=summary.model_dump(exclude={"started_at"}))
        return summary

    def _check_schema(self) -> None:
        state = read_schema_state(self._engine)
        if state.is_behind and is_sqlite(self._engine):  # as the feed does, which may not have come to it yet
            upgrade(self._engine)
            state = read_schema_state(self._engine)
        if (problem := schema_problem(state)) is not None:
            raise LedgerUnusable(problem)


async def _with_heartbeats(work: Coroutine[Any, Any, object]) -> None:
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=HEARTBEAT_PAUSE))[0]:
            activity.heartbeat()
        task.result()
    finally:
        task.cancel()


def _report_progress(summary: ReconciliationSummary) -> None:
    activity.heartbeat(summary.model_dump(include={"checked", "asked", "repaired", "failed"}))


def _failure(message: str, *, is_final: bool = True) -> ApplicationError:
    return ApplicationError(message, type="LedgerUnusable", non_retryable=is_final)

"""Looks after the ledger: how it stands, whether it agrees with the orders, and writing it anew.

Its code, and that of databases, is loaded only when it is used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from operations.errors import (
    LEDGER_AWAY,
    WORKER_UNAVAILABLE,
    NoLedger,
    NoOrder,
    OperationError,
    OperationRefused,
    server_call,
)
from operations.temporal.connection import server_address
from workflows.contract.order_messages import Alternative, RefusalCode

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from temporalio.client import Client

    from ledger.reconciliation.ledger_check import CheckResult
    from ledger.reconciliation.ledger_status import LedgerStatus
    from ledger.reconciliation.rebuild import RebuildProgress


def read_ledger_status(url: str | None = None) -> LedgerStatus:
    """`url`: of the ledger; None: the configured one. Raises OperationError."""
    from ledger.reconciliation.ledger_status import read_status

    with configured_engine(url) as engine:
        return read_status(engine)


@dataclass(frozen=True)
class SchemaChange:
    ledger: str
    """Where it is."""
    before: str
    """The version of its schema; `base` without one."""
    after: str


def migrate_ledger(url: str | None = None) -> SchemaChange:
    """Brings the schema to the newest version that this release knows. A newer one stays. Raises OperationError."""
    from ledger.migrations.schema_version import read_schema_state, upgrade

    with configured_engine(url, create=True) as engine:
        state = read_schema_state(engine)
        if state.is_behind:
            upgrade(engine)
        return _schema_change(engine, state.current)


def downgrade_ledger(version: str, url: str | None = None) -> SchemaChange:
    """Takes the schema back to an earlier version, and deletes what came after it. Raises OperationError."""
    from ledger.migrations.schema_version import downgrade, known_versions, read_schema_state

    with configured_engine(url) as engine:
        versions = known_versions()
        current = read_schema_state(engine).current
        if version not in versions:
            raise OperationRefused(
                RefusalCode.INVALID, f"There is no version {version} of the schema: there are {', '.join(versions)}"
            )
        if current not in versions:
            raise OperationRefused(
                RefusalCode.NOT_NOW,
                f"The schema has version {current}, which this release does not know: the release that brought it must "
                "take it back",
            )
        if versions.index(version) > versions.index(current):
            raise OperationRefused(RefusalCode.NOT_NOW, f"The schema has version {current}, which is before {version}")
        if version != current:
            downgrade(engine, version)
        return _schema_change(engine, current)


def _schema_change(engine: Engine, before: str) -> SchemaChange:
    from ledger.database import describe_location
    from ledger.migrations.schema_version import read_schema_state

    return SchemaChange(describe_location(engine.url), before, read_schema_state(engine).current)


async def check_ledger(
    client: Client,
    task_queue: str,
    requests_per_second: float,
    since: datetime | None = None,
    order_id: str | None = None,
    url: str | None = None,
    on_progress: Callable[[CheckResult], None] = lambda _: None,
) -> CheckResult:
    """Compares the ledger with every order that runs or ended since then, or with one. Raises OperationError."""
    from ledger.reconciliation.ledger_check import LedgerCheck, OrderUnknown
    from ledger.reconciliation.order_runs import LONG_AGO

    async with _working_on(client, url) as engine:
        check = LedgerCheck(client, task_queue, engine, requests_per_second)
        try:
            return await check.run(since or LONG_AGO, order_id, on_progress)
        except OrderUnknown as error:
            raise NoOrder(str(error)) from error


async def rebuild_ledger(
    client: Client,
    task_queue: str,
    requests_per_second: float,
    since: datetime | None = None,
    order_id: str | None = None,
    url: str | None = None,
    *,
    restart: bool = False,
    other_namespace: bool = False,
    on_progress: Callable[[RebuildProgress], None] = lambda _: None,
) -> RebuildProgress:
    """Writes every order that runs or ended since then, or one. A database without the schema gets it. Raises
    OperationError."""
    from ledger.migrations.schema_version import NONE, read_schema_state, upgrade
    from ledger.reconciliation.rebuild import Rebuild

    async with _working_on(client, url, create=True) as engine:
        if read_schema_state(engine).current == NONE:
            upgrade(engine)
        rebuild = Rebuild(client, task_queue, engine, requests_per_second)
        if (known := await rebuild.adopt_namespace(other=other_namespace)) is not None:
            raise OperationRefused(
                RefusalCode.NOT_NOW,
                f"The ledger has the orders of another Temporal namespace (id {known}) than `{client.namespace}`",
                reason="other_namespace",
            )
        if order_id is not None:
            return await rebuild.of_order(order_id)
        return await rebuild.of_all(since, restart=restart, on_progress=on_progress)


@asynccontextmanager
async def _working_on(client: Client, url: str | None, *, create: bool = False) -> AsyncIterator[Engine]:
    from ledger.reconciliation.order_repair import NobodyAnswers

    with configured_engine(url, create=create) as engine:
        try:
            async with server_call("The ledger", server_address(client), timeout_seconds=None):
                yield engine
        except NobodyAnswers as error:
            raise OperationError(
                WORKER_UNAVAILABLE, f"Orders do not answer: {error}", alternatives=[Alternative(action="start_worker")]
            ) from error


@contextmanager
def configured_engine(url: str | None = None, *, create: bool = False) -> Iterator[Engine]:
    """`url`: of the ledger; None: the configured one. `create`: whether a file of SQLite may be made. Raises
    OperationError."""
    from ledger.database import ledger_errors, open_ledger
    from ledger.settings import LedgerUnusable, read_ledger_url

    try:
        found = url or read_ledger_url()
        if found is None:
            raise NoLedger("No ledger is configured: ORDO_LEDGER_URL names one")
        engine = open_ledger(found, application="ordo ledger", create=create)
        try:
            with ledger_errors(engine):
                yield engine
        finally:
            engine.dispose()
    except LedgerUnusable as error:
        raise OperationError(LEDGER_AWAY, str(error)) from error

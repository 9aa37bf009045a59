"""How the ledger stands: who writes it, what is missing, what reconciliation did last."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Connection, Engine, func, select

from ledger.database import describe_location, ledger_errors
from ledger.migrations.schema_version import NONE, read_schema_state
from ledger.reading.freshness import read_freshness
from ledger.reconciliation.ledger_check import read_state_counts
from ledger.reconciliation.rebuild import REBUILD
from ledger.reconciliation.summary import ReconciliationSummary
from ledger.reconciliation.watermarks import BACKFILL, CLOSED, RECONCILIATION, read_watermark
from ledger.schema.tables import clashes, feeders, gaps

SHOWN = 20
"""Gaps, and clashes."""


class FeederStatus(BaseModel):
    worker: str
    reported_at: datetime
    oldest_unwritten_at: datetime | None
    unwritten_orders: int
    written_changes: int
    dropped_orders: int


class GapStatus(BaseModel):
    order_id: str
    reason: str
    since: datetime
    tries: int
    next_try_at: datetime | None
    error: str | None


class ClashStatus(BaseModel):
    order_id: str
    earlier_submission: str
    later_submission: str
    found_at: datetime


class LedgerStatus(BaseModel):
    ledger: str
    """Where it is, without a password."""
    schema_version: str
    needed_schema_version: str
    lag_seconds: float = 0.0
    """How far the ledger is behind the orders, by what its writers say."""
    is_fed: bool = False
    """Whether a worker writes it now."""
    feeders: list[FeederStatus] = []
    orders: dict[str, int] = {}
    """Current orders by state."""
    gap_count: int = 0
    gaps: list[GapStatus] = []
    """The oldest."""
    clash_count: int = 0
    clashes: list[ClashStatus] = []
    """The latest."""
    reconciled_at: datetime | None = None
    reconciliation: ReconciliationSummary | None = None
    """What the last run has done."""
    compared_until: datetime | None = None
    """Orders that ended before that are compared with the ledger."""
    is_backfilled: bool = False
    """Whether that also holds for those that ended before reconciliation ran for the first time."""
    rebuild_began_at: datetime | None = None
    """A rebuild was interrupted."""


def read_status(engine: Engine) -> LedgerStatus:
    """Raises LedgerUnusable."""
    schema = read_schema_state(engine)
    status = LedgerStatus(
        ledger=describe_location(engine.url), schema_version=schema.current, needed_schema_version=schema.newest
    )
    if schema.current == NONE:
        return status
    with ledger_errors(engine), engine.connect() as connection:
        return status.model_copy(update=_contents(connection))


def _contents(connection: Connection) -> dict[str, object]:
    freshness = read_freshness(connection)
    last, rebuild = read_watermark(connection, RECONCILIATION), read_watermark(connection, REBUILD)
    oldest = connection.execute(select(gaps).order_by(gaps.c.since).limit(SHOWN)).mappings()
    latest = connection.execute(select(clashes).order_by(clashes.c.key.desc()).limit(SHOWN)).mappings()
    writers = connection.execute(select(feeders).order_by(feeders.c.worker)).mappings()
    return {
        "lag_seconds": round(freshness.lag_seconds, 3),
        "is_fed": freshness.is_fed,
        "feeders": [FeederStatus.model_validate(dict(row)) for row in writers],
        "orders": read_state_counts(connection),
        "gap_count": connection.execute(select(func.count()).select_from(gaps)).scalar_one(),
        "gaps": [GapStatus.model_validate(dict(row)) for row in oldest],
        "clash_count": connection.execute(select(func.count()).select_from(clashes)).scalar_one(),
        "clashes": [ClashStatus.model_validate(dict(row)) for row in latest],
        "reconciled_at": last.at,
        "reconciliation": ReconciliationSummary.model_validate(last.value) if last.value else None,
        "compared_until": read_watermark(connection, CLOSED).at,
        "is_backfilled": read_watermark(connection, BACKFILL).value is True,
        "rebuild_began_at": rebuild.at if rebuild.value else None,
    }

"""Every submission of an order's id: the first one, those after a rejection, and revisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, null, select, union_all

from ledger.reading.single_order.order_storage import OrderStorage
from ledger.schema.tables import archived_orders, catalogue_versions, erased_orders, orders
from workflows.contract.order_views import InterruptionKind
from workflows.contract.states import OrderState


@dataclass(frozen=True)
class StoredSubmission:
    number: int
    """From 1, by start."""
    submission: str
    """The id of the workflow's first run."""
    state: OrderState
    started_at: datetime
    ended_at: datetime | None
    is_current: bool
    """Whether it is the latest one."""
    interrupted: InterruptionKind | None
    revision: int | None
    """None: only its file in the archive says it."""
    catalogue_version: str | None
    """None: it was not compiled, or only its file in the archive says it."""
    storage: OrderStorage


def read_submissions(connection: Connection, order_id: str) -> list[StoredSubmission]:
    """The oldest first, also archived ones. Empty: the ledger does not have the order."""
    rows = connection.execute(_select_submissions(order_id)).all()
    return [
        StoredSubmission(
            number=number,
            submission=row.submission,
            state=OrderState(row.state),
            started_at=row.started_at,
            ended_at=row.ended_at,
            is_current=number == len(rows),
            interrupted=None if row.interrupted_kind is None else InterruptionKind(row.interrupted_kind),
            revision=row.revision,
            catalogue_version=row.version,
            storage=OrderStorage(row.file, row.erased_at, row.erasure_key),
        )
        for number, row in enumerate(rows, start=1)
    ]


def _select_submissions(order_id: str) -> Select[Any]:
    """By start. The one that started last is current: the writer decides it in the same way."""
    columns, archived, erased = orders.c, archived_orders.c, erased_orders.c
    in_ledger = (
        select(
            *(columns.submission, columns.state, columns.started_at, columns.ended_at),
            *(columns.interrupted_kind, columns.revision, catalogue_versions.c.version, null().label("file")),
        )
        .select_from(orders.outerjoin(catalogue_versions, catalogue_versions.c.key == columns.catalogue_version_key))
        .where(columns.order_id == order_id)
    )
    in_archive = select(
        *(archived.submission, archived.state, archived.started_at, archived.ended_at),
        *(null(), null(), null(), archived.file),
    ).where(archived.order_id == order_id)
    known = union_all(in_ledger, in_archive).subquery()
    is_erased = and_(erased.order_id == order_id, erased.submission == known.c.submission)
    query = select(known, erased.at.label("erased_at"), erased.erasure_key)
    query = query.select_from(known.outerjoin(erased_orders, is_erased))
    return query.order_by(known.c.started_at, known.c.submission)

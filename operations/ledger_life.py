"""How long data stays in the ledger: archive, legal hold, erasure. Every function raises OperationError.

`ledger` is its URL; None: the configured one.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from operations.errors import OperationRefused, server_call
from operations.ledger_upkeep import configured_engine
from operations.temporal.connection import server_address
from workflows.contract.order_messages import Actor, RefusalCode

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from temporalio.client import Client

    from ledger.retention.archive_orders import ArchivableOrders, Archived
    from ledger.retention.archive_rules import ArchiveRule
    from ledger.retention.erasure import ErasurePlan
    from ledger.retention.erasure_records import Erasure
    from ledger.retention.holds import HoldScope, LegalHold


def archive_rules(states: Sequence[str], older_than: str | None) -> list[ArchiveRule]:
    """Of the options; without any, of the setting ORDO_LEDGER_RETENTION."""
    from ledger.retention.archive_rules import RETENTION_SETTING, RuleInvalid, parse_age, parse_rules, parse_state
    from ledger.retention.archive_rules import rules_for as rules_for_states

    try:
        if older_than is not None:
            return rules_for_states([parse_state(state) for state in states], parse_age(older_than))
        rules = parse_rules(os.environ.get(RETENTION_SETTING, ""))
    except RuleInvalid as error:
        raise OperationRefused(RefusalCode.INVALID, str(error)) from error
    if states or not rules:
        missing = "How long ago the orders ended" if states else "Which orders to archive"
        setting = f"{RETENTION_SETTING}=completed=2y,rejected=90d"
        raise OperationRefused(RefusalCode.INVALID, f"{missing} is not said: give an age, or set {setting}")
    return rules


def count_archivable(rules: Sequence[ArchiveRule], ledger: str | None = None) -> ArchivableOrders:
    from ledger.retention.archive_orders import count_archivable as count

    with configured_engine(ledger) as engine:
        return count(engine, rules, datetime.now(UTC))


def archive(
    rules: Sequence[ArchiveRule],
    folder: Path | None,
    archive_format: str,
    batch_size: int,
    on_batch: Callable[[Archived], None],
    ledger: str | None = None,
) -> Archived:
    """`folder`: None is that of the setting ORDO_LEDGER_ARCHIVE."""
    from ledger.retention.archive_folder import ARCHIVE_SETTING, ArchiveFolder
    from ledger.retention.archive_orders import archive_orders
    from ledger.retention.archive_places import configured_folder

    folder = folder or configured_folder()
    if folder is None:
        raise OperationRefused(
            RefusalCode.INVALID, f"Where the archive is, is not said: name a folder, or set {ARCHIVE_SETTING}"
        )
    with configured_engine(ledger) as engine:
        return archive_orders(
            engine,
            ArchiveFolder(folder),
            rules,
            datetime.now(UTC),
            archive_format=archive_format,
            batch_size=batch_size,
            on_batch=on_batch,
        )


def restore(order_id: str, folder: Path | None, ledger: str | None = None) -> int:
    """Returns how many submissions of the order came back."""
    from ledger.retention.archived_order import NotArchived, restore_order

    with configured_engine(ledger) as engine:
        try:
            return restore_order(engine, order_id, folder)
        except NotArchived as error:
            raise OperationRefused(RefusalCode.NOT_FOUND, str(error)) from error


def register_archive(folder: Path, ledger: str | None = None) -> int:
    """Returns how many orders of the archive the ledger knows now that it did not know before."""
    from ledger.retention.register_archive import register_archive as register

    with configured_engine(ledger) as engine:
        return register(engine, folder, datetime.now(UTC))


def hold(scope: HoldScope, subject: str, actor: Actor, ledger: str | None = None) -> LegalHold:
    from ledger.retention.holds import LegalHold, place_hold

    placed = LegalHold(scope, subject, actor.reason, actor.by, datetime.now(UTC))
    with _refusing_holds(ledger) as engine:
        place_hold(engine, placed)
    return placed


def release(scope: HoldScope, subject: str, actor: Actor, ledger: str | None = None) -> None:
    from ledger.retention.holds import release_hold

    with _refusing_holds(ledger) as engine:
        release_hold(engine, scope, subject, actor.by, datetime.now(UTC))


def list_holds(ledger: str | None = None, *, released: bool = False) -> list[LegalHold]:
    from ledger.retention.holds import list_holds as read_holds

    with configured_engine(ledger) as engine:
        return read_holds(engine, released=released)


async def plan_erasure(client: Client, customer_id: str, ledger: str | None = None) -> ErasurePlan:
    from ledger.retention.erasure import plan_erasure as plan

    async with _erasing(client, customer_id, ledger) as engine:
        return await plan(engine, client, customer_id)


async def erase(
    client: Client, customer_id: str, actor: Actor, folder: Path | None, ledger: str | None = None, *, rewrite: bool
) -> Erasure:
    from ledger.retention.erasure import ErasureRequest, erase_customer

    request = ErasureRequest(customer_id, actor.by, actor.reason, folder, rewrite)
    async with _erasing(client, customer_id, ledger) as engine:
        return await erase_customer(engine, client, request)


def list_erasures(ledger: str | None = None) -> list[Erasure]:
    from ledger.retention.erasure_records import read_erasures

    with configured_engine(ledger) as engine, engine.connect() as connection:
        return read_erasures(connection)


@asynccontextmanager
async def _erasing(client: Client, customer_id: str, ledger: str | None) -> AsyncIterator[Engine]:
    from ledger.retention.erasure import CustomerUnknown

    if "\0" in customer_id:
        raise OperationRefused(RefusalCode.INVALID, "The id of a customer cannot contain the character NUL")
    with _refusing_holds(ledger) as engine:
        try:
            async with server_call(f"Customer {customer_id}", server_address(client), timeout_seconds=None):
                yield engine
        except CustomerUnknown as error:
            raise OperationRefused(RefusalCode.NOT_FOUND, str(error)) from error


@contextmanager
def _refusing_holds(ledger: str | None) -> Iterator[Engine]:
    from ledger.retention.holds import HoldRefused

    with configured_engine(ledger) as engine:
        try:
            yield engine
        except HoldRefused as error:
            raise OperationRefused(RefusalCode.NOT_NOW, str(error)) from error

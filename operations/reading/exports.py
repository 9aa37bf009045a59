"""Exports of many orders from the ledger, and of one order as it was submitted."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from temporalio.client import Client
from temporalio.service import RPCError

from operations.errors import NoLedger, NoOrder, NotFound, OperationRefused, is_workflow_not_found, worker_call
from operations.reading.ledger_access import LedgerAccess, LedgerAway
from operations.reading.listed_orders import NO_LEDGER
from operations.temporal.connection import server_address
from workflows.contract.ledger_record import LedgerRecordPage, LedgerRecordRequest, RecordChanging, read_record
from workflows.contract.order_messages import QUERY_LEDGER_RECORD, Alternative, RefusalCode, order_workflow_id

if TYPE_CHECKING:
    from ledger.export.export_kinds import ExportFormat, ExportTable
    from ledger.reading.filters.order_filter import OrderFilter

RECORD_TIMEOUT = 30.0
"""Seconds. A worker that has to replay a long history takes a while."""


class Exports:
    def __init__(self, client: Client, ledger: LedgerAccess | None) -> None:
        self._client = client
        self._ledger = ledger

    async def export(
        self, criteria: OrderFilter, table: ExportTable, output: ExportFormat, target: Path | IO[bytes]
    ) -> int:
        """Returns how many rows were written; of JSON lines, how many orders. `limit` of the filter does not count.
        Raises NoLedger, OperationRefused for a wrong filter, LedgerAway, and OSError."""
        if self._ledger is None:
            raise NoLedger(f"Only a ledger can export orders, and {NO_LEDGER}")
        from ledger.export.export_orders import export_to_file, export_to_stream

        if isinstance(target, Path):
            return await self._ledger.ask(lambda reader: export_to_file(reader, criteria, table, output, target))
        return await self._ledger.ask(lambda reader: export_to_stream(reader, criteria, table, output, target))

    async def submitted_order(self, order_id: str) -> dict[str, Any]:
        """The order as it was submitted, or amended last: from the ledger, else from the order itself. Raises NotFound,
        also if its data was erased, NoWorker, and LedgerAway if only the ledger could know it."""
        failure = None
        if self._ledger is not None:
            try:
                submitted, erasure = await self._ledger.ask(lambda reader: reader.read_submitted(order_id))
            except LedgerAway as error:
                failure = error
            else:
                if erasure is not None:
                    raise _erased(order_id, erasure)
                if submitted is not None:
                    return submitted
        try:
            return await self._from_order(order_id)
        except NotFound as error:
            if failure is not None:
                raise LedgerAway(f"Temporal does not know order {order_id}. {failure.message}") from error
            raise

    async def _from_order(self, order_id: str) -> dict[str, Any]:
        handle = self._client.get_workflow_handle(order_workflow_id(order_id))

        async def ask(request: LedgerRecordRequest) -> LedgerRecordPage:
            page: LedgerRecordPage = await handle.query(QUERY_LEDGER_RECORD, request, result_type=LedgerRecordPage)
            return page

        subject = f"Order {order_id}"
        async with worker_call(subject, server_address(self._client), RECORD_TIMEOUT):
            try:
                change = await read_record(ask)
            except RecordChanging as error:
                raise OperationRefused(RefusalCode.NOT_NOW, f"{subject}: {error}. Try again") from error
            except RPCError as error:
                if is_workflow_not_found(error):
                    raise NoOrder(order_id) from error
                raise
        if change.submitted is None:
            raise NotFound(
                f"{subject} does not know any more how it was submitted: its history was continued in a new run, and "
                "only a ledger keeps the order"
            )
        return change.submitted


def _erased(order_id: str, erasure: int) -> NotFound:
    show = Alternative(action="show", parameters={"order_id": order_id}, effect="shows what is left")
    return NotFound(f"The personal data of order {order_id} was erased by erasure {erasure}: nothing to export", show)

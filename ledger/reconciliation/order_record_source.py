"""Asks orders for their records."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from ledger.reconciliation.order_runs import is_gone
from ledger.reconciliation.pace import Pace
from workflows.contract.connection_reasons import plain_line
from workflows.contract.ledger_record import LedgerRecordPage, LedgerRecordRequest, RecordChanging, read_record
from workflows.contract.order_changes import OrderChange
from workflows.contract.order_messages import QUERY_LEDGER_RECORD, order_workflow_id

TIMEOUT = timedelta(seconds=30)
"""For one page. A worker that has to replay a long history takes a while."""
_NO_WORKER = {RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.FAILED_PRECONDITION}
_STUCK = "workflow task in failed state"
"""What Temporal says if workers fail to run the order."""


class OrderGone(Exception):
    """Temporal does not know the run."""


class OrderUnanswered(Exception):
    """The message says why the order's record could not be read."""


class NoAnswer(OrderUnanswered):
    """There may be no worker. Other orders may not answer either."""

    def __init__(self) -> None:
        super().__init__("no worker answered")


class OrderRecordSource:
    def __init__(self, client: Client, pace: Pace) -> None:
        self._client = client
        self._pace = pace

    async def read(self, order_id: str, run_id: str) -> OrderChange:
        """The complete change that this run tells of itself. Raises OrderGone, OrderUnanswered."""
        handle = self._client.get_workflow_handle(order_workflow_id(order_id), run_id=run_id)

        async def ask(request: LedgerRecordRequest) -> LedgerRecordPage:
            await self._pace.turn()
            page: LedgerRecordPage = await handle.query(
                QUERY_LEDGER_RECORD, request, result_type=LedgerRecordPage, rpc_timeout=TIMEOUT
            )
            return page

        try:
            return await read_record(ask)
        except RecordChanging as error:
            raise OrderUnanswered(str(error)) from error
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError) as error:
            raise OrderUnanswered("the query `ledger_record` failed; the worker's log says why") from error
        except RPCTimeoutOrCancelledError as error:
            raise NoAnswer from error
        except RPCError as error:
            if is_gone(error):
                raise OrderGone from error
            if error.status in _NO_WORKER and _STUCK not in error.message.lower():
                raise NoAnswer from error
            raise OrderUnanswered(plain_line(error.message)) from error
        except ValueError as error:
            raise OrderUnanswered("its record is not one that this release can read") from error

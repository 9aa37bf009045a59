"""The runs of orders, as Temporal's visibility lists them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from ledger.reconciliation.interruptions import interruption_kind
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, SearchAttributes, order_workflow_id
from workflows.contract.order_views import InterruptionKind

PAGE_SIZE = 200
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Before all orders."""


@dataclass(frozen=True)
class ListedRun:
    """A run that no other continues, unless it was reset since."""

    order_id: str
    run_id: str
    started_at: datetime
    closed_at: datetime | None
    history_length: int
    """Events. Visibility knows it of closed runs only."""
    interrupted: InterruptionKind | None


@dataclass(frozen=True)
class DescribedRun:
    """What only the run's own record says."""

    run_id: str
    submission: str
    reset_to: str | None
    """The run that continues it after a reset."""
    execution: WorkflowExecutionDescription

    @property
    def interrupted(self) -> InterruptionKind | None:
        return None if self.reset_to else _interruption(self.execution)


class OrderRuns:
    """Orders of one task queue."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._type_and_queue = f"WorkflowType = '{ORDER_WORKFLOW_TYPE}' AND TaskQueue = {_literal(task_queue)}"

    def closed(self, begin: datetime, end: datetime) -> AsyncIterator[ListedRun]:
        """Those that were closed from `begin` until `end`. The last one comes first."""
        return self._list(
            f"ExecutionStatus != 'ContinuedAsNew' AND CloseTime >= {_time(begin)} AND CloseTime <= {_time(end)}"
        )

    def running(self, begin: datetime, end: datetime) -> AsyncIterator[ListedRun]:
        """Those that were started from `begin` until `end`. The last one comes first."""
        return self._list(f"ExecutionStatus = 'Running' AND StartTime >= {_time(begin)} AND StartTime <= {_time(end)}")

    def of_order(self, order_id: str) -> AsyncIterator[ListedRun]:
        """Of each order with this id that Temporal still knows."""
        return self._list(
            f"ExecutionStatus != 'ContinuedAsNew' AND WorkflowId = {_literal(order_workflow_id(order_id))}"
        )

    async def count(self, closed_since: datetime) -> int:
        """How many run now, or were closed since then."""
        running = await self._client.count_workflows(f"{self._type_and_queue} AND ExecutionStatus = 'Running'")
        ended = f"ExecutionStatus != 'ContinuedAsNew' AND CloseTime >= {_time(closed_since)}"
        closed = await self._client.count_workflows(f"{self._type_and_queue} AND {ended}")
        return running.count + closed.count

    async def describe(self, order_id: str, run_id: str | None = None) -> DescribedRun | None:
        """The run, by default the latest one of this id. None if Temporal does not know it."""
        try:
            found = await self._client.get_workflow_handle(order_workflow_id(order_id), run_id=run_id).describe()
        except RPCError as error:
            if is_gone(error):
                return None
            raise
        return _described(found)

    async def _list(self, condition: str) -> AsyncIterator[ListedRun]:
        query = f"{self._type_and_queue} AND {condition}"
        async for execution in self._client.list_workflows(query, page_size=PAGE_SIZE):
            yield _listed(execution)


def is_gone(error: RPCError) -> bool:
    """Whether Temporal does not know the run. A missing namespace does not count."""
    return error.status is RPCStatusCode.NOT_FOUND and "namespace" not in error.message.lower()


def _listed(execution: WorkflowExecution) -> ListedRun:
    return ListedRun(
        order_id=execution.id.removeprefix(order_workflow_id("")),
        run_id=execution.run_id,
        started_at=execution.start_time,
        closed_at=execution.close_time,
        history_length=execution.history_length,
        interrupted=_interruption(execution),
    )


def _described(found: WorkflowExecutionDescription) -> DescribedRun:
    record = found.raw_description
    return DescribedRun(
        run_id=found.run_id,
        submission=record.workflow_execution_info.first_run_id or found.run_id,
        reset_to=record.workflow_extended_info.reset_run_id or None,
        execution=found,
    )


def _interruption(execution: WorkflowExecution) -> InterruptionKind | None:
    attributes: Mapping[str, Any] = {pair.key.name: pair.value for pair in execution.typed_search_attributes}
    return interruption_kind(execution, attributes.get(SearchAttributes.ORDER_STATE))


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _time(moment: datetime) -> str:
    return _literal(moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"))

"""How many orders run on a version of the catalogue."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, SearchAttributes


async def count_open_orders(client: Client, version: str) -> int:
    """Orders that were compiled, or last amended, with this catalogue version and have not ended. Raises RPCError.

    Visibility lags behind: an order counts about a second after it is compiled.
    """
    query = (
        f"WorkflowType = '{ORDER_WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' "
        f"AND {SearchAttributes.CATALOGUE_VERSION} = '{version}'"
    )
    try:
        return (await client.count_workflows(query)).count
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        return 0  # no worker has run in this namespace yet, which would have registered the search attribute

"""The filters and sorts of lists, as query parameters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from gateway.value_types import Moment
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.paging.sorting import OrderColumn, WorkColumn
from workflows.contract.states import Jeopardy, OrderState

NEEDS_LEDGER = "Needs a ledger"
FilterText = Annotated[str | None, Query(min_length=1, max_length=200)]
OrderSort = Annotated[
    str | None,
    Query(
        max_length=50,
        description=f"{', '.join(f'`{column}`' for column in OrderColumn)}, with `:asc` or `:desc`. {NEEDS_LEDGER}",
        examples=["requested:asc"],
    ),
]
WorkSort = Annotated[
    str | None,
    Query(
        max_length=50,
        description=f"{', '.join(f'`{column}`' for column in WorkColumn)}, with `:asc` or `:desc`. {NEEDS_LEDGER}",
        examples=["since:desc"],
    ),
]
WORDS = "Only orders whose ids and names have words that begin like these. "


def order_filter(
    state: Annotated[list[OrderState] | None, Query(description="Only orders in one of these states")] = None,
    customer: FilterText = None,
    product: FilterText = None,
    search: Annotated[FilterText, Query(description=WORDS + NEEDS_LEDGER)] = None,
    external_id: Annotated[FilterText, Query(description=f"The id of a line elsewhere. {NEEDS_LEDGER}")] = None,
    system: Annotated[FilterText, Query(description=f"A step calls this system. {NEEDS_LEDGER}")] = None,
    jeopardy: Annotated[list[Jeopardy] | None, Query(description="Only orders in one of these")] = None,
    late: Annotated[
        bool, Query(description="Only late orders; without `state`, only those that have not ended")
    ] = False,
    is_open: Annotated[bool, Query(alias="open", description="Only orders that have not ended")] = False,
    fallout: Annotated[bool, Query(description="Only orders with a step in fallout")] = False,
    code: Annotated[FilterText, Query(description=f"A step is in fallout with this code. {NEEDS_LEDGER}")] = None,
    queue: Annotated[FilterText, Query(description="Work of the order waits in this queue")] = None,
    holder: Annotated[FilterText, Query(description=f"This person holds a step. {NEEDS_LEDGER}")] = None,
    since: Annotated[Moment | None, Query(description="Submitted then or later")] = None,
    until: Annotated[Moment | None, Query(description="Submitted before")] = None,
    ended_since: Annotated[Moment | None, Query(description="Ended then or later")] = None,
    ended_until: Annotated[Moment | None, Query(description="Ended before")] = None,
    requested_since: Annotated[Moment | None, Query(description="Requested for then or later")] = None,
    requested_until: Annotated[Moment | None, Query(description="Requested for a time before")] = None,
) -> OrderFilter:
    """All but the catalogue version, which has to be looked up."""
    return OrderFilter(
        states=tuple(state or ()),
        customer=customer,
        product=product,
        search=search,
        external_id=external_id,
        system=system,
        jeopardy=tuple(jeopardy or ()),
        late=late,
        running=is_open,
        fallout=fallout,
        code=code,
        queue=queue,
        holder=holder,
        since=since,
        until=until,
        ended_since=ended_since,
        ended_until=ended_until,
        requested_since=requested_since,
        requested_until=requested_until,
    )


OrderCriteria = Annotated[OrderFilter, Depends(order_filter)]


def work_filter(
    queue: Annotated[FilterText, Query(description="Only this queue")] = None,
    holder: Annotated[FilterText, Query(description="Only what this person holds")] = None,
    unclaimed: Annotated[bool, Query(description="Only what nobody holds, whatever `holder` says")] = False,
    system: Annotated[FilterText, Query(description="Only steps that call this system")] = None,
    customer: FilterText = None,
    product: FilterText = None,
    search: Annotated[FilterText, Query(description=WORDS + NEEDS_LEDGER)] = None,
    late: Annotated[bool, Query(description="Only what is due, or late by its sla")] = False,
    since: Annotated[Moment | None, Query(description="It has begun to wait then or later")] = None,
    until: Annotated[Moment | None, Query(description="It has begun to wait before")] = None,
) -> WorkFilter:
    """What tasks and fallout share."""
    return WorkFilter(
        queue=queue,
        holder="" if unclaimed else holder,
        system=system,
        customer=customer,
        product=product,
        search=search,
        late=late,
        since=since,
        until=until,
    )


WorkCriteria = Annotated[WorkFilter, Depends(work_filter)]

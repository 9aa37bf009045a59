"""Who did what, when, why and with which data; and what became of earlier submissions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import Request

from console.pages.orders.order_tabs import OrderTab, choice, page_number
from console.presenting.order.earlier_submissions import Findings, earlier_submissions, shown_submissions
from console.presenting.order.heading import OrderHeading
from console.presenting.order.story import FILTERS, order_story
from console.services import Console
from ledger.reading.single_order.history_page import HistoryPage, HistoryRequest, history_page
from operations.client import OrderClient
from operations.errors import OperationError
from workflows.contract.states import OrderState

if TYPE_CHECKING:
    from ledger.reading.single_order.submissions import StoredSubmission
    from workflows.contract.order_changes import AmendmentRecord


async def history_values(console: Console, request: Request, heading: OrderHeading) -> dict[str, Any]:
    orders, order_id = console.orders, heading.order.order_id
    step = request.query_params.get("step", "")
    wanted = HistoryRequest(choice(request, "show", [*FILTERS]), step, page_number(request))
    submissions = await _read_submissions(orders, order_id)
    numbers = {str(each.number): each.number for each in shown_submissions(submissions)}
    chosen = numbers.get(request.query_params.get("submission", ""))
    shown, amendments, findings = await asyncio.gather(
        _read_page(orders, heading, wanted) if chosen is None else _read_earlier_page(orders, order_id, wanted, chosen),
        _read_amendments(orders, order_id, chosen),
        _read_findings(orders, order_id, submissions),
    )
    return {
        "story": order_story(wanted, shown, amendments or ()),
        "filters": FILTERS,
        "has_amendments": amendments is not None,
        "earlier": earlier_submissions(submissions, findings, chosen),
    }


async def _read_page(orders: OrderClient, heading: OrderHeading, wanted: HistoryRequest) -> HistoryPage:
    """Of an order of which only Temporal's record is known: what that has."""
    page = await orders.pages.history(heading.order, wanted)
    if page is not None:
        return page
    try:
        history = (await orders.read_history(heading.order.order_id)).order.history
    except OperationError:
        history = heading.order.history
    names = {step.id: step.summary or step.name for step in heading.steps or ()}
    return replace(history_page(history, wanted), step_names=names)


async def _read_earlier_page(
    orders: OrderClient, order_id: str, wanted: HistoryRequest, submission: int
) -> HistoryPage:
    return history_page((await orders.read_history(order_id, submission=submission)).order.history, wanted)


async def _read_amendments(
    orders: OrderClient, order_id: str, submission: int | None
) -> Sequence[AmendmentRecord] | None:
    """None without a ledger, and if it does not answer."""
    if orders.ledger is None:
        return None
    try:
        return await orders.read_amendments(order_id, submission)
    except OperationError:
        return None


async def _read_submissions(orders: OrderClient, order_id: str) -> Sequence[StoredSubmission]:
    """Empty without a ledger, and if it does not answer or does not have the order."""
    if orders.ledger is None:
        return ()
    try:
        return (await orders.list_submissions(order_id))[0]
    except OperationError:
        return ()


async def _read_findings(
    orders: OrderClient, order_id: str, submissions: Sequence[StoredSubmission]
) -> dict[int, Findings]:
    """Why earlier submissions were rejected, by their numbers."""
    rejected = [each.number for each in shown_submissions(submissions) if each.state is OrderState.REJECTED]
    found = await asyncio.gather(*(_read_rejection(orders, order_id, number) for number in rejected))
    return dict(zip(rejected, found, strict=True))


async def _read_rejection(orders: OrderClient, order_id: str, submission: int) -> Findings:
    try:
        return (await orders.read(order_id, steps=False, submission=submission)).order.findings
    except OperationError:
        return ()


HISTORY = OrderTab("history", "History", "order/history.html", history_values)

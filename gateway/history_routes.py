"""What has happened to an order: its history, its submissions, the attempts at its calls, its amendments."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.access.route_guard import allowed
from gateway.errors import error_responses
from gateway.request_models import OrderId, SourceOption, StepOption, SubmissionOption
from operations.access.permissions import READ_ORDER
from operations.client import OrderClient
from operations.history_responses import (
    AmendmentsResponse,
    AttemptsResponse,
    HistoryResponse,
    SubmissionListResponse,
    amendments_response,
    attempts_response,
    history_response,
    submission_list_response,
)


def history_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["orders"], responses=error_responses(422, 504))

    @routes.get(
        "/orders/{order_id}/history",
        summary="Who did what, when and why",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def history(
        order_id: OrderId, source: SourceOption = "best", submission: SubmissionOption = None
    ) -> HistoryResponse:
        """Oldest first. Entries without `by` happened by themselves. The ledger has all entries, with the `data` that
        people entered. An order itself keeps its latest ones, those of people longest."""
        return history_response(await orders.read_history(order_id, source, submission))

    @routes.get(
        "/orders/{order_id}/submissions",
        summary="How often it was submitted",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def submissions(order_id: OrderId) -> SubmissionListResponse:
        """Oldest first: an id is submitted again after a rejection, or as a revision. Needs a ledger."""
        found, provenance = await orders.list_submissions(order_id)
        return submission_list_response(order_id, found, provenance)

    @routes.get(
        "/orders/{order_id}/attempts",
        summary="Each attempt at its calls",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def attempts(
        order_id: OrderId, step: StepOption = None, submission: SubmissionOption = None
    ) -> AttemptsResponse:
        """Oldest first, also those that were repeated automatically. Needs a ledger."""
        return attempts_response(order_id, await orders.read_attempts(order_id, step, submission))

    @routes.get(
        "/orders/{order_id}/amendments",
        summary="Its amendments, before and after",
        responses=error_responses(404),
        dependencies=[allowed(READ_ORDER)],
    )
    async def amendments(order_id: OrderId, submission: SubmissionOption = None) -> AmendmentsResponse:
        """Oldest first. Needs a ledger."""
        return amendments_response(order_id, await orders.read_amendments(order_id, submission))

    return routes

"""Orders: submit and amend."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.exceptions import HTTPException

from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected
from gateway.access.route_guard import CurrentPerson, allowed, require_override
from gateway.errors import ACTION_ERRORS, BODY_ERRORS, MalformedBody, error_responses
from gateway.openapi import ORDER_REQUEST_BODY
from gateway.request_models import BY_DESCRIPTION, OrderId
from gateway.strict_json import is_json_media_type, media_type, parse_json
from operations.access.permissions import ACTION_PERMISSIONS, SUBMIT
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import ORDER_REJECTED, OperationRefused
from operations.responses import (
    SubmissionResponse,
    submission_response,
)
from operations.submission.submit_order import SubmissionResult
from workflows.contract.actions import AMEND
from workflows.contract.order_messages import AmendResult, RefusalCode

DECISION_TIMEOUT = 15.0
"""Seconds that a submission waits for the worker's decision, unless the client sets another limit."""

SUBMISSION_RESPONSES: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "Accepted: it is running",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Path of the order"}},
    },
    200: {"model": SubmissionResponse, "description": "It is already running, with the same content"},
    202: {"model": SubmissionResponse, "description": "Stored; it waits for a worker"},
}


def order_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["orders"], responses=error_responses(422))
    _add_submit_route(routes, orders)
    _add_amend_route(routes, orders)
    return routes


def _add_submit_route(routes: APIRouter, orders: OrderClient) -> None:
    @routes.post(
        "/orders",
        summary="Submit an order",
        status_code=201,
        responses=error_responses(*BODY_ERRORS, 409, 410) | SUBMISSION_RESPONSES,
        openapi_extra=ORDER_REQUEST_BODY,
        dependencies=[allowed(SUBMIT)],
    )
    async def submit(
        request: Request,
        response: Response,
        revision: Annotated[bool, Query(description="Run an ended order again, as its next revision")] = False,
        wait: Annotated[
            float, Query(ge=0.1, le=60, description="Seconds to wait for a worker's decision")
        ] = DECISION_TIMEOUT,
    ) -> SubmissionResponse:
        """Counts once, however often it is sent: repeat it until you get a response.

        `409` it was submitted before with different content · `410` it has ended · `422` it is rejected, with findings.
        """
        order = await _read_order_body(request)
        submission = await orders.submit(order, new_revision=revision, decision_timeout=wait)
        if refusal := submission.rejection_error():
            raise refusal
        response.status_code = _submission_http_status(submission)
        response.headers["Location"] = f"/orders/{submission.order_id}"
        return submission_response(submission)


def _add_amend_route(routes: APIRouter, orders: OrderClient) -> None:
    @routes.put(
        "/orders/{order_id}",
        summary="Amend an order",
        responses=ACTION_ERRORS,
        openapi_extra=ORDER_REQUEST_BODY,
        dependencies=[allowed(ACTION_PERMISSIONS[AMEND.name])],
    )
    async def amend(
        request: Request,
        order_id: OrderId,
        person: CurrentPerson,
        by: Annotated[
            str | None, Query(min_length=1, max_length=200, description=BY_DESCRIPTION, examples=["ann"])
        ] = None,
        reason: Annotated[str, Query(max_length=2000, description="Why; kept with the order")] = "",
        dry_run: Annotated[bool, Query(description="Only report what it would do")] = False,
        override: Annotated[
            str | None,
            Query(min_length=1, max_length=2000, description="Why points of no return do not count; kept"),
        ] = None,
        revision: Annotated[
            int | None, Query(ge=1, description="The revision that was seen; refused (`stale`) if it has changed")
        ] = None,
        drop_unit: Annotated[
            list[str] | None,
            Query(description="Units that go where a quantity goes down", examples=[["router@1#2"]]),
        ] = None,
        catalogue_version: Annotated[
            str | None,
            Query(
                max_length=100,
                description="The version to compile with: `same` (the order's), a published number, a SHA-256, or "
                "`current`. Default: the catalogue in force",
            ),
        ] = None,
    ) -> AmendResult:
        """The body is the whole new order, with the same id. What it changes is redone, undone or added; the rest
        stays. The response is sent before anything runs, and says what happens to each step.

        `409` not possible now, and why · `422` it is rejected, with findings.
        """
        require_override(person, override)
        order = await _read_order_body(request)
        if order.get("id") != order_id:
            raise OperationRefused(
                RefusalCode.INVALID, f"The path names order {order_id}, and the body order {order.get('id')}"
            )
        actor = person.actor(by, reason)
        return await orders.amend(
            AmendCommand(order, actor, dry_run, override, revision, drop_unit or (), catalogue_version)
        )


def _submission_http_status(submission: SubmissionResult) -> int:
    if submission.waiting_for_worker:
        return 202
    return 200 if submission.already_running else 201


YAML_MEDIA_TYPES = {"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}


async def _read_order_body(request: Request) -> dict[str, Any]:
    kind = media_type(request)
    body = await request.body()
    if kind in YAML_MEDIA_TYPES:
        return await asyncio.to_thread(_parse_yaml_order, body)
    if not is_json_media_type(kind):
        raise HTTPException(415, "Send an order as application/json or application/yaml")
    order = parse_json(body)
    if not isinstance(order, dict):
        raise MalformedBody("An order is one JSON object")
    return order


def _parse_yaml_order(body: bytes) -> dict[str, Any]:
    try:
        orders = read_orders(body, "order")
    except OrderRejected as error:
        findings = [finding.model_dump(mode="json") for finding in error.findings]
        raise OperationRefused(ORDER_REJECTED, f"The order cannot be read: {error.findings[0]}", findings) from None
    if len(orders) > 1:
        raise MalformedBody("Send one order a request")
    return orders[0]

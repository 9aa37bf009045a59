"""Orders: submit, list, read."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime
from starlette.exceptions import HTTPException

from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected
from gateway.errors import MalformedBody
from gateway.openapi import ERROR_RESPONSES, ORDER_REQUEST_BODY, SUBMISSION_RESPONSES, example_response
from gateway.request_models import OrderId, StrictJsonRoute, is_json_media_type, media_type, parse_json
from operations.actions.amend_order import AmendCommand
from operations.client import OrderClient
from operations.errors import ORDER_REJECTED, OperationRefused
from operations.json_views import amendment_json, blockers_json, order_json, order_list_json, step_json, submission_json
from operations.reading.list_orders import OrderFilter
from operations.submission.submit_order import SubmissionResult
from workflows.contract.order_messages import Actor, RefusalCode
from workflows.contract.states import OrderState, StepState

DECISION_TIMEOUT = 15.0
"""Seconds that a submission waits for the worker's word, unless the client says otherwise."""


def order_routes(orders: OrderClient) -> APIRouter:
    routes = APIRouter(tags=["orders"], route_class=StrictJsonRoute, responses=ERROR_RESPONSES)

    @routes.post(
        "/orders",
        summary="Submit an order",
        status_code=201,
        responses=SUBMISSION_RESPONSES,
        openapi_extra=ORDER_REQUEST_BODY,
    )
    async def submit(
        request: Request,
        revision: Annotated[bool, Query(description="Run an order that has ended anew, as its next revision")] = False,
        wait: Annotated[
            float, Query(ge=0.1, le=60, description="Seconds to wait for a worker's word")
        ] = DECISION_TIMEOUT,
    ) -> JSONResponse:
        """Once in effect, however often it is sent: repeat it until it is answered.

        `201` it runs · `200` it runs already, with the same content · `202` it is kept, and waits for a worker ·
        `409` it was submitted before with another content · `410` it has ended · `422` it is rejected, with findings.
        """
        order = await _read_order_body(request)
        submission = await orders.submit(order, new_revision=revision, decision_timeout=wait)
        if refusal := submission.rejection_error():
            raise refusal
        location = {"Location": f"/orders/{submission.order_id}"}
        return JSONResponse(submission_json(submission), _submission_http_status(submission), headers=location)

    @routes.put(
        "/orders/{order_id}",
        summary="Change an order on its way",
        responses=example_response("amendment"),
        openapi_extra=ORDER_REQUEST_BODY,
    )
    async def amend(
        request: Request,
        order_id: OrderId,
        by: Annotated[str, Query(min_length=1, max_length=200, description="Who does it", examples=["ann"])],
        reason: Annotated[str, Query(max_length=2000, description="Why; kept with the order")] = "",
        dry_run: Annotated[bool, Query(description="Only say what it would do")] = False,
        override: Annotated[
            str | None,
            Query(min_length=1, max_length=2000, description="Why points of no return are not to count; kept"),
        ] = None,
        revision: Annotated[
            int | None, Query(ge=1, description="The revision that was seen; refused (`stale`) where it is another")
        ] = None,
    ) -> JSONResponse:
        """The body is the whole order as it is to be, with the same id. What it changes is redone, undone or added; the
        rest stays. Answered before anything runs.

        `200` with what becomes of each step · `409` not possible now, and why · `422` it is rejected, with findings.
        """
        wanted = await _read_order_body(request)
        if wanted.get("id") != order_id:
            raise OperationRefused(
                RefusalCode.INVALID, f"The path names order {order_id}, and the body order {wanted.get('id')}"
            )
        actor = Actor(by=by, reason=reason)
        answer = await orders.amend(AmendCommand(wanted, actor, dry_run, override, revision))
        return JSONResponse(amendment_json(answer))

    @routes.get("/orders", summary="List orders, open ones first", responses=example_response("orders"))
    async def list_orders(
        state: OrderState | None = None,
        customer: Annotated[str | None, Query(max_length=200)] = None,
        product: Annotated[str | None, Query(max_length=200)] = None,
        late: bool = False,
        fallout: bool = False,
        since: Annotated[AwareDatetime | None, Query(description="Submitted then or later")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[
            str | None, Query(max_length=1000, description="Continue after a page: its `next_cursor`")
        ] = None,
    ) -> JSONResponse:
        """Open orders come first, newest first; then ended ones, last ended first."""
        wanted = OrderFilter(
            state=state, customer=customer, product=product, late=late, fallout=fallout, since=since, limit=limit
        )
        return JSONResponse(order_list_json(await orders.list_orders(wanted, cursor)))

    @routes.get("/orders/{order_id}", summary="Read an order", responses=example_response("order"))
    async def read(order_id: OrderId) -> JSONResponse:
        """Its lines and states, without steps. `source` is `record` where no worker answers: then only what
        Temporal's own record tells is filled in."""
        shape = order_json(await orders.read(order_id, steps=False))
        del shape["steps"]
        return JSONResponse(shape)

    @routes.get(
        "/orders/{order_id}/steps", summary="Read an order's steps, page by page", responses=example_response("steps")
    )
    async def steps(
        order_id: OrderId,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        state: Annotated[list[StepState] | None, Query(description="Only steps in these states")] = None,
    ) -> JSONResponse:
        """`next_offset` is where the next page begins; null after the last one."""
        page = await orders.read_steps_page(order_id, offset, limit, state)
        return JSONResponse({"steps": [step_json(step) for step in page.steps], "next_offset": page.next_offset})

    @routes.get(
        "/orders/{order_id}/why", summary="What an order, or one step, waits for", responses=example_response("why")
    )
    async def why(
        order_id: OrderId,
        step: Annotated[str | None, Query(max_length=500, description="A step's id or number")] = None,
    ) -> JSONResponse:
        reading, reasons = await orders.find_blockers(order_id, step)
        return JSONResponse(blockers_json(reading, list(reasons), reading.step(step) if step else None))

    return routes


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
        raise HTTPException(415, "An order comes as application/json or application/yaml")
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

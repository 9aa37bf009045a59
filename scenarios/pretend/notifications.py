"""Pretended receivers: they accept every event of an order, and show what they got."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from compiler.catalogue.pretended import NOTIFICATIONS_PATH

MAX_KEPT = 1_000


class ReceivedNotification(BaseModel):
    at: datetime
    receiver: str
    event: Any
    """The CloudEvent."""


def notification_routes() -> list[Route]:
    """`POST /_notifications/<receiver>` accepts an event; `GET /_notifications` lists the last ones, oldest first.

    Its filters are `receiver` and `order_id`.
    """
    received: deque[ReceivedNotification] = deque(maxlen=MAX_KEPT)

    async def receive(request: Request) -> Response:
        receiver = request.path_params["receiver"]
        try:
            event = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"error": {"code": "bad_request", "message": "the body is not JSON"}}, 400)
        received.append(ReceivedNotification(at=datetime.now(UTC), receiver=receiver, event=event))
        return Response(status_code=204)

    async def show(request: Request) -> Response:
        filters = request.query_params
        return JSONResponse(
            [
                one.model_dump(mode="json")
                for one in received
                if filters.get("receiver") in (None, one.receiver)
                and filters.get("order_id") in (None, _order_id(one.event))
            ]
        )

    return [
        Route(NOTIFICATIONS_PATH, show, methods=["GET"]),
        Route(f"{NOTIFICATIONS_PATH}/{{receiver}}", receive, methods=["POST"]),
    ]


def _order_id(event: Any) -> str:
    data = event.get("data") if isinstance(event, dict) else None
    return str(data.get("order_id", "")) if isinstance(data, dict) else ""

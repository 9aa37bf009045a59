"""`/notifications`: order events that receivers have not got, and sending them again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from console.access.guard import allowed
from console.presenting.notifications import outbox_rows, resent_notice, undelivered_page
from console.services import Console
from operations.access.permissions import READ_NOTIFICATIONS, RESEND
from operations.errors import OperationError
from views.shared.value_format import pluralize

ORDERS_ON_A_PAGE = 50
MAX_ID_LENGTH = 200
Receiver = Annotated[str, Query(min_length=1, max_length=64)]
Text = Annotated[str, Form(max_length=MAX_ID_LENGTH)]


def notifications_routes(console: Console) -> APIRouter:
    routes = APIRouter()

    @routes.get("/notifications", dependencies=[allowed(READ_NOTIFICATIONS)])
    async def notifications(
        request: Request,
        receiver: Annotated[str, Query(max_length=64)] = "",
        order: Annotated[str, Query(max_length=MAX_ID_LENGTH)] = "",
        cursor: Annotated[str, Query(max_length=2_000)] = "",
    ) -> Response:
        if order:
            outbox = await console.orders.read_outbox(order)
            return console.render(request, "notifications/order.html", outbox=outbox, rows=outbox_rows(outbox))
        found = await console.orders.list_undelivered(receiver or None, ORDERS_ON_A_PAGE, cursor or None)
        return console.render(
            request,
            "notifications/list.html",
            page=undelivered_page(found, await _known_receivers(console)),
            receiver=receiver,
            cursor=cursor,
        )

    @routes.get("/notifications/resend", dependencies=[allowed(RESEND)])
    async def confirm(request: Request, receiver: Receiver) -> Response:
        found = await console.orders.list_undelivered(receiver, ORDERS_ON_A_PAGE)
        page = undelivered_page(found, await _known_receivers(console))
        return console.render(request, "notifications/resend.html", page=page, receiver=receiver)

    @routes.post("/notifications/resend-all", dependencies=[allowed(RESEND)])
    async def resend_all(request: Request, receiver: Annotated[str, Form(min_length=1, max_length=64)]) -> Response:
        text, is_problem = resent_notice(receiver, await console.orders.resend_to_receiver(receiver))
        return console.redirect(request, "/notifications", text, problem=is_problem)

    @routes.post("/notifications/resend", dependencies=[allowed(RESEND)])
    async def resend(
        request: Request, order_id: Text, receiver: Text = "", event: Text = "", back: Text = ""
    ) -> Response:
        url = back if back.startswith("/notifications") else "/notifications"
        try:
            sent = await console.orders.resend(order_id, receiver or None, [event] if event else None)
        except OperationError as error:
            return console.redirect(request, url, error.message, problem=True)
        text = f"Sending {pluralize(sent.events, 'event')} of order {order_id} again"
        return console.redirect(request, url, text)

    return routes


async def _known_receivers(console: Console) -> frozenset[str] | None:
    try:
        return frozenset((await console.orders.catalogues.read_in_force()).catalogue.receivers)
    except OperationError:
        return None

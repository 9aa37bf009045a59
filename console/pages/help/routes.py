"""`/help`: what one sees, for people who are here for the first time."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.access.guard import everyone_signed_in
from console.presenting.glossary import ACTION_MEANINGS, ORDER_STATES, STEP_STATES, WORDS
from console.services import Console


def help_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[everyone_signed_in()])

    @routes.get("/help")
    async def help_page(request: Request) -> Response:
        return console.render(
            request,
            "help.html",
            step_states=STEP_STATES,
            order_states=ORDER_STATES,
            actions=ACTION_MEANINGS,
            words=WORDS,
        )

    return routes

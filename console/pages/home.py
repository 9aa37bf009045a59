"""`/` leads to the page that a person begins with."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse

from console.access.guard import SignedIn, everyone_signed_in
from console.navigation import items_for
from console.services import Console


def home_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[everyone_signed_in()])

    @routes.get("/")
    async def home(person: SignedIn) -> RedirectResponse:
        first = next(iter(items_for(person, console.pages)), None)
        return RedirectResponse(first.url if first else "/help", 303)

    return routes

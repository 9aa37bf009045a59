"""`/orders/{id}/actions/{action}`: one page for each operator action, made from its specification.

A form is sent twice where the action would undo or change something: first to see what it would do, then to do it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.access.guard import SignedIn, allowed
from console.access.reasons import why_not
from console.pages.actions import action_page
from console.pages.actions.action_page import BACK, read_subject
from console.pages.actions.typed_form import local_path, read_typed
from console.presenting.actions.action_links import reason_against
from console.presenting.actions.action_words import done_words
from console.services import Console
from operations.access.permissions import ACTION_PERMISSIONS, PERMISSIONS
from workflows.contract.actions import ACTIONS, ActionSpec

DO, CONFIRM = "do", "confirm"
"""The name and the value of the button that performs the action. Any other button only shows what it would do."""


def actions_routes(console: Console) -> APIRouter:
    routes = APIRouter()
    for name, spec in ACTIONS.items():
        path, guard = f"/orders/{{order_id}}/actions/{name}", [allowed(ACTION_PERMISSIONS[name])]
        routes.get(path, name=f"form of {name}", dependencies=guard)(_show(console, spec))
        routes.post(path, name=name, dependencies=guard)(_send(console, spec))
    return routes


def _show(console: Console, spec: ActionSpec) -> Callable[..., Awaitable[Response]]:
    async def show(
        request: Request, order_id: str, person: SignedIn, step: str | None = None, line: str | None = None
    ) -> Response:
        subject = await read_subject(console, spec, order_id, person, step, line)

        def reason(name: str) -> str:
            return why_not(person, PERMISSIONS[name], console.settings.read_only)

        against = reason_against(subject.target, spec, person, reason)
        back = local_path(request.query_params.get(BACK))
        outcome = action_page.untouched(subject)
        return action_page.render(console, request, subject, person, outcome, against, back)

    return show


def _send(console: Console, spec: ActionSpec) -> Callable[..., Awaitable[Response]]:
    async def send(
        request: Request, order_id: str, person: SignedIn, step: str | None = None, line: str | None = None
    ) -> Response:
        typed = await read_typed(request)
        subject = await read_subject(console, spec, order_id, person, step, line)
        confirmed = typed.get(DO) == CONFIRM
        outcome, done = await action_page.answer(console.orders, subject, person, typed, confirmed=confirmed)
        back = local_path(typed.get(BACK))
        if done is not None:
            told = done_words(done, order_id, subject.context.step)
            return console.redirect(request, back or subject.url, told)
        return action_page.render(console, request, subject, person, outcome, "", back)

    return send

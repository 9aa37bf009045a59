"""`/orders/{id}/event`: a person delivers an event that a system has not sent."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.access.guard import SignedIn, allowed
from console.pages.actions.order_answers import read_step_answers
from console.pages.actions.typed_form import read_typed
from console.presenting.actions.event_form import EVENT_ID, KEY, NAME, event_fields, read_event, result_text
from console.presenting.actions.refusals import Refusal, refusal_of_error
from console.presenting.actions.suggestions import order_url, step_url
from console.presenting.forms.fields import Problems, Typed
from console.services import Console
from operations.access.permissions import SEND_EVENT
from operations.access.person import Person
from operations.errors import OperationError
from workflows.contract import actions
from workflows.contract.order_messages import EventDelivery, NoteAction


def event_routes(console: Console) -> APIRouter:
    routes = APIRouter(dependencies=[allowed(SEND_EVENT)])

    @routes.get("/orders/{order_id}/event")
    async def show(request: Request, person: SignedIn, order_id: str, step: str = "") -> Response:
        given = {name: text for name in (NAME, KEY, EVENT_ID) if (text := request.query_params.get(name))}
        return await _render(console, request, person, order_id, step, given or None)

    @routes.post("/orders/{order_id}/event")
    async def send(request: Request, person: SignedIn, order_id: str, step: str = "") -> Response:
        typed = await read_typed(request)
        event = read_event(typed)
        if event.problems:
            return await _render(console, request, person, order_id, step, typed, event.problems, status=422)
        delivery = EventDelivery(
            event_id=typed.get(EVENT_ID) or f"console-{uuid.uuid4().hex}",
            name=event.name,
            key=event.key,
            payload=event.payload,
            step=typed.get("step") or None,
            at=datetime.now(UTC),
        )
        try:
            result = await console.orders.deliver_event(order_id, delivery)
        except OperationError as error:
            return await _render(
                console,
                request,
                person,
                order_id,
                step,
                typed,
                refusal=refusal_of_error(error),
                status=error.http_status,
            )
        await _note(console, person, order_id, delivery, event.reason)
        url = step_url(order_id, step) if step else order_url(order_id)
        return console.redirect(request, url, result_text(result), problem=result.status in ("kept", "late"))

    return routes


async def _note(console: Console, person: Person, order_id: str, event: EventDelivery, reason: str) -> None:
    """An event has no sender in the order's history; who delivered it by hand is noted there. An order that has ended
    by the event takes no note."""
    text = f"event {event.name} delivered by hand" + (f": {reason}" if reason else "")
    note = NoteAction(text=text, actor=person.actor(person.account), step=event.step)
    with suppress(OperationError):
        await console.orders.perform_action(order_id, actions.NOTE, note)


async def _render(
    console: Console,
    request: Request,
    person: Person,
    order_id: str,
    step_ref: str,
    typed: Typed | None,
    problems: Problems | None = None,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> Response:
    details = await console.orders.read(order_id)
    step = details.step(step_ref) if step_ref else None
    answers = None
    if step is not None:
        _, answers, _ = await read_step_answers(console.orders, order_id, person.actor(person.account), step.id)
    event_id = (typed or {}).get(EVENT_ID) or f"console-{uuid.uuid4().hex}"
    defaults = {field.name: field.value for field in event_fields(step, answers, event_id)}
    return console.render(
        request,
        "action/event.html",
        status=status,
        order=details.order,
        order_url=order_url(order_id),
        step=step,
        subject_url=order_url(order_id) if step is None else step_url(order_id, step.number),
        fields=event_fields(step, answers, event_id, {**defaults, **(typed or {})}, problems),
        refusal=refusal,
    )

"""`/orders/{id}/steps/{number}`: one step, and everything that can be done with it."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from console.access.guard import SignedIn, allowed
from console.access.reasons import why_not
from console.pages.actions.order_answers import read_step_answers
from console.presenting.actions.action_links import ActionTargetView, action_links
from console.presenting.actions.suggestions import order_url
from console.presenting.steps.definition_excerpt import DefinitionExcerpt, compiled_excerpt, source_excerpt
from console.presenting.steps.step_page import kind_text, step_page
from console.services import Console
from operations.access.permissions import PERMISSIONS, READ_ORDER
from operations.errors import OperationError
from operations.reading.order_details import OrderDetails
from workflows.contract.action_checks import StepDetails


def steps_routes(console: Console) -> APIRouter:
    routes = APIRouter()

    @routes.get("/orders/{order_id}/steps/{number}", dependencies=[allowed(READ_ORDER)])
    async def step(request: Request, order_id: str, number: str, person: SignedIn) -> Response:
        since = await console.live.mark(f"order/{order_id}")
        details = await console.orders.read(order_id)
        found = details.step(number)
        checks, answers, attempts = await read_step_answers(
            console.orders, order_id, person.actor(person.account), found.id
        )
        page = step_page(details.order, details.steps, found, answers, attempts, datetime.now(UTC))

        def reason(name: str) -> str:
            return why_not(person, PERMISSIONS[name], console.settings.read_only)

        return console.render(
            request,
            "step/page.html",
            page=page,
            since=since,
            order=details.order,
            order_url=order_url(order_id),
            kind=kind_text(found),
            links=action_links(ActionTargetView(details.order, checks, found), person, reason),
            definition=await _definition(console, details, answers),
            source=details,
        )

    return routes


async def _definition(console: Console, details: OrderDetails, answers: StepDetails | None) -> DefinitionExcerpt | None:
    """The lines of the file, if the order's version is the one in force; else as it was compiled."""
    if answers is None:
        return None
    try:
        in_force = await console.orders.catalogues.read_in_force()
    except OperationError:
        return compiled_excerpt(answers)
    if in_force.catalogue.version != details.order.catalogue_version:
        return compiled_excerpt(answers)
    name = answers.step.partition("@")[0].removeprefix(f"{answers.workstream}.")
    found = source_excerpt(in_force.definitions.documents, answers.workstream, name)
    return found or compiled_excerpt(answers)

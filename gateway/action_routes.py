"""A route for every operator action. Bodies and paths follow from the actions' specifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import NoneType
from typing import Any, get_args

from fastapi import APIRouter
from pydantic import BaseModel, Field, create_model

from gateway.access.route_guard import CurrentPerson, allowed, require_override, require_own_step
from gateway.errors import ACTION_ERRORS
from gateway.request_models import BY_DESCRIPTION, OrderId, StepId, StrictBody
from gateway.strict_json import StrictJsonRoute
from gateway.value_types import Flag
from operations.access.permissions import ACTION_PERMISSIONS
from operations.access.person import Person
from operations.client import OrderClient
from operations.responses import ActionResponse, action_response
from workflows.contract import actions
from workflows.contract.actions import ACTIONS, ActionSpec
from workflows.contract.order_messages import NoteAction, OrderAction, StepAction
from workflows.contract.states import StepState

OPTIONAL_TEXT = str | None

STALE = "The action is refused (`stale`) if it has changed since"
FIELDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "by": (OPTIONAL_TEXT, {"min_length": 1, "max_length": 200, "description": BY_DESCRIPTION, "examples": ["ann"]}),
    "reason": (str, {"default": "", "max_length": 2000, "description": "Why; kept with the order"}),
    "line": (OPTIONAL_TEXT, {"max_length": 200, "description": "Only this line, with the lines below it"}),
    "step": (OPTIONAL_TEXT, {"max_length": 500, "description": "Only this step, by id or number"}),
    "expected_holder": (
        OPTIONAL_TEXT,
        {"max_length": 200, "description": f"Who held the step when the actor saw it; empty means nobody. {STALE}"},
    ),
    "data": (dict[str, Any] | None, {}),
    "override": (OPTIONAL_TEXT, {"min_length": 1, "max_length": 2000}),
    "assess": (Flag, {"default": False}),
    "take_over": (Flag, {"default": False}),
    "text": (str, {"min_length": 1, "max_length": 2000, "examples": ["The customer calls back on Monday"]}),
    "characteristics": (dict[str, Any], {"min_length": 1, "examples": [{"paid": True}]}),
}
"""Field of a body → its type and what else its schema says. Parameters get their description from the action."""


def action_routes(orders: OrderClient) -> APIRouter:
    """`amend` is not among them: its body is the order (order_routes.py)."""
    routes = APIRouter(tags=["operators"], route_class=StrictJsonRoute, responses=ACTION_ERRORS)
    for spec in ACTIONS.values():
        if spec is not actions.AMEND:
            method, path = _route(spec)
            routes.add_api_route(
                path,
                _handler(orders, spec),
                methods=[method],
                summary=spec.summary,
                name=spec.name,
                dependencies=[allowed(ACTION_PERMISSIONS[spec.name])],
            )
    return routes


def _route(spec: ActionSpec) -> tuple[str, str]:
    if spec is actions.SET:
        return "PATCH", "/orders/{order_id}/characteristics"
    if spec is actions.NOTE:
        return "POST", "/orders/{order_id}/notes"
    return "POST", f"/orders/{{order_id}}/{'steps/{step}/' if spec.is_step_action else ''}{spec.name}"


def action_body(spec: ActionSpec) -> type[BaseModel]:
    """The request body: the actor, what the actor saw, and the action's parameters."""
    names = ["by"] if spec.request is NoteAction else ["by", "reason"]
    if not spec.is_step_action:
        names += [target for target in ("line", "step") if target in spec.targets]
    fields = {name: _field(name) for name in names}
    if spec.request in (StepAction, OrderAction):
        state = StepState if spec.is_step_action else str
        subject = "step" if spec.is_step_action else "order, or of `step`,"
        description = f"The state of the {subject} that the actor saw. {STALE}"
        fields["expected"] = (state | None, Field(None, description=description))
    if spec.request is StepAction:
        fields["expected_holder"] = _field("expected_holder")
    fields |= {name: _field(name, description=text) for name, text in spec.parameters.items()}
    return create_model(f"{spec.name.capitalize()}Body", __base__=StrictBody, **fields)  # type: ignore[call-overload,no-any-return]


def _field(name: str, **further: Any) -> tuple[Any, Any]:
    field_type, schema = FIELDS[name]
    defaults = {"default": None} if NoneType in get_args(field_type) else {}
    return field_type, Field(**{**defaults, **schema, **further})


Handler = Callable[..., Awaitable[ActionResponse]]


def _handler(orders: OrderClient, spec: ActionSpec) -> Handler:
    body_type = action_body(spec)
    permission = ACTION_PERMISSIONS[spec.name]

    async def perform(person: Person, order_id: str, body: Any, **target: str) -> ActionResponse:
        require_override(person, getattr(body, "override", None))
        fields = {name: value for name, value in body if name not in ("by", "reason")}
        actor = person.actor(body.by, getattr(body, "reason", ""))
        request = spec.request.model_validate({"actor": actor, **target, **fields})
        return action_response(order_id, await orders.perform_action(order_id, spec, request))

    async def on_step(order_id: OrderId, step: StepId, body: Any, person: CurrentPerson) -> ActionResponse:
        await require_own_step(orders, person, permission, order_id, step)
        return await perform(person, order_id, body, step=step)

    async def on_order(order_id: OrderId, body: Any, person: CurrentPerson) -> ActionResponse:
        return await perform(person, order_id, body)

    handler: Handler = on_step if spec.is_step_action else on_order
    handler.__annotations__["body"] = body_type
    return handler

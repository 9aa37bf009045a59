"""Every operator action has a handler, a command and a route, and every command that reads has a route."""

from __future__ import annotations

import re
from functools import cache

import pytest
import typer
from fastapi.routing import APIRoute

from cli.app import build_app
from gateway.app import create_app
from gateway.settings import GatewaySettings
from operations.bulk.bulk_jobs import JOB_ACTIONS, SIGNALS
from operations.client import OrderClient
from tests.support.paths import ROOT
from workflows.contract.actions import ACTIONS, AMEND, BULK_ACTIONS, RECOVER, ActionSpec, ActionTarget
from workflows.contract.order_messages import NoteAction, OrderAction, StepAction
from workflows.core.actions.registry import ACTION_HANDLERS
from workflows.fulfil_order import FulfilOrder

READING = {"history": "/orders/{order_id}/history", "why": "/orders/{order_id}/why", "fallout": "/fallout"} | {
    "tasks": "/tasks",
    "systems": "/systems",
    "notifications": "/notifications",
    "jobs": "/bulk-jobs",
    "list": "/orders",
    "show": "/orders/{order_id}",
}
"""Command → the path that returns the same."""
PATHS = {
    "set": "/orders/{order_id}/characteristics",
    "note": "/orders/{order_id}/notes",
    "amend": "/orders/{order_id}",
}
"""Actions whose path is not called like them."""
OPTIONS = {"data": {"data", "to", "by", "when", "extension"}, "text": {"text"}, "characteristics": {"pairs"}} | {
    "order": {"file"}
}
"""Parameter of an action → the parameters of its command that may carry it, if they are called otherwise."""

each_action = pytest.mark.parametrize("spec", ACTIONS.values(), ids=ACTIONS)


@cache
def commands() -> dict[str, typer.core.TyperCommand]:
    group = typer.main.get_command(build_app("ordo", for_terminal=False))
    found: dict[str, typer.core.TyperCommand] = group.commands  # type: ignore[attr-defined]
    return found


def options(command: str) -> set[str]:
    return {option for parameter in commands()[command].params for option in parameter.opts}


@cache
def all_routes() -> list[APIRoute]:
    def routes_of(owner: object) -> list[APIRoute]:
        found: list[APIRoute] = []
        for route in getattr(owner, "routes", []):
            found += [route] if isinstance(route, APIRoute) else routes_of(getattr(route, "original_router", route))
        return found

    return routes_of(
        create_app(OrderClient.__new__(OrderClient), GatewaySettings(token="t" * 32, callback_secret=b"s" * 32))
    )


def route_of(spec: ActionSpec) -> APIRoute:
    default = f"/orders/{{order_id}}/{'steps/{step}/' if spec.is_step_action else ''}{spec.name}"
    path = PATHS.get(spec.name, default)
    (route,) = (each for each in all_routes() if each.path == path and each.methods != {"GET"})
    return route


def body_fields(spec: ActionSpec) -> set[str]:
    return set(route_of(spec).body_field.field_info.annotation.model_fields)  # type: ignore[union-attr]


@each_action
def test_the_core_handles_the_action(spec: ActionSpec) -> None:
    if spec is AMEND:
        assert FulfilOrder.amend._defn.name == spec.name
        return
    if spec is RECOVER:  # it is for orders whose run has ended
        assert spec.name not in ACTION_HANDLERS
        return
    assert ACTION_HANDLERS[spec.name].spec is spec


def test_the_core_handles_nothing_else() -> None:
    assert set(ACTION_HANDLERS) == set(ACTIONS) - {AMEND.name, RECOVER.name}


@each_action
def test_parameters_are_fields_of_the_request(spec: ActionSpec) -> None:
    assert set(spec.parameters) <= set(spec.request.model_fields)


@each_action
def test_a_command_performs_the_action(spec: ActionSpec) -> None:
    parameters = {parameter.name for parameter in commands()[spec.name].params}
    assert "by" in parameters
    assert "reason" in parameters or spec.request is NoteAction
    for parameter in spec.parameters:
        assert OPTIONS.get(parameter, {parameter}) & parameters
    for target in spec.targets - {ActionTarget.ORDER}:
        assert target in parameters


@each_action
def test_the_command_has_the_summary_as_its_help(spec: ActionSpec) -> None:
    assert (commands()[spec.name].help or "").startswith(f"{spec.summary}.")


@each_action
def test_a_route_performs_the_action(spec: ActionSpec) -> None:
    if spec is AMEND:  # its body is the order
        assert route_of(spec).methods == {"PUT"}
        return
    assert route_of(spec).summary == spec.summary
    fields = body_fields(spec)
    target = set() if spec.is_step_action else {"line", "step"} & spec.targets
    seen = {StepAction: {"expected", "expected_holder"}, OrderAction: {"expected"}}.get(spec.request, set())
    reason = set() if spec.request is NoteAction else {"reason"}
    assert fields == {"by", *reason, *target, *seen, *spec.parameters}


@pytest.mark.parametrize("name", BULK_ACTIONS)
def test_command_and_gateway_perform_the_action_in_bulk(name: str) -> None:
    assert {"--all", "--dry-run", "--pace", "--stop-after", "--system", "--code", "--since"} <= options(name)
    assert ("--tasks" in options(name)) == BULK_ACTIONS[name].bulk_on_tasks
    assert ("--background" in options(name)) == (name in JOB_ACTIONS)
    assert f"/bulk/{name}" in {route.path for route in all_routes()}


def test_command_and_gateway_change_jobs_alike() -> None:
    jobs = commands()["jobs"].commands  # type: ignore[attr-defined]
    paths = {route.path for route in all_routes()}
    assert {f"/bulk-jobs/{{job}}/{change}" for change in SIGNALS} <= paths
    assert set(SIGNALS) <= set(jobs)


@pytest.mark.parametrize("command", sorted(READING))
def test_command_and_gateway_read_the_same(command: str) -> None:
    assert command in commands()
    assert READING[command] in {route.path for route in all_routes()}


@pytest.mark.parametrize("name", sorted(set(ACTIONS) | set(READING) | {"event"}))
def test_the_command_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    assert re.search(rf"`{name}[` ]", text), f"docs/cli.md does not describe `{name}`"


@each_action
def test_the_route_is_documented(spec: ActionSpec) -> None:
    text = (ROOT / "docs" / "gateway.md").read_text()
    path = "/orders/{id}" if spec is AMEND else route_of(spec).path.rpartition("/")[2]
    assert path in text, f"docs/gateway.md does not describe {path}"

"""What people may do to an order they may do on the command line and over the gateway alike; both are documented."""

from __future__ import annotations

import re

import pytest
import typer
from fastapi.routing import APIRoute

from cli.app import build_app
from gateway.app import create_app
from gateway.settings import GatewaySettings
from operations.bulk.bulk_actions import BULK_ACTIONS
from operations.client import OrderClient
from tests.support.paths import ROOT
from workflows.core.engine.updates import UPDATES

READING = {"history": "/orders/{order_id}/history", "why": "/orders/{order_id}/why", "fallout": "/fallout"} | {
    "tasks": "/tasks",
    "systems": "/systems",
    "notifications": "/notifications",
    "list": "/orders",
    "show": "/orders/{order_id}",
}
"""Command → the path that answers the same."""
PATHS = {"set": "/orders/{order_id}/characteristics", "note": "/orders/{order_id}/notes"}
"""Acts whose path is not called like them."""


def commands() -> dict[str, set[str]]:
    """Each command's options."""
    group = typer.main.get_command(build_app("ordo", for_terminal=False))
    found = group.commands  # type: ignore[attr-defined]
    return {name: {option for each in one.params for option in each.opts} for name, one in found.items()}


def routes() -> dict[str, APIRoute]:
    """By path."""
    return {route.path: route for route in all_routes()}


def all_routes() -> list[APIRoute]:

    def all_of(owner: object) -> list[APIRoute]:
        found: list[APIRoute] = []
        for route in getattr(owner, "routes", []):
            found += [route] if isinstance(route, APIRoute) else all_of(getattr(route, "original_router", route))
        return found

    app = create_app(OrderClient.__new__(OrderClient), GatewaySettings(token="t" * 32, callback_secret=b"s" * 32))
    return all_of(app)


def paths_of(act: str) -> list[str]:
    return [path for path in routes() if path == PATHS.get(act) or (path.endswith(f"/{act}") and "/bulk/" not in path)]


@pytest.mark.parametrize("act", sorted(UPDATES))
def test_both_doors_offer_the_act_with_who_and_why(act: str) -> None:
    options = commands()[act]
    assert "--by" in options
    assert "--reason" in options or act == "note"
    (path,) = paths_of(act)
    fields = set(routes()[path].body_field.field_info.annotation.model_fields)  # type: ignore[union-attr]
    assert "by" in fields
    assert {"reason", "text"} & fields


@pytest.mark.parametrize("act", sorted(set(UPDATES) - {"set", "note", "amend"}))
def test_an_act_carries_what_was_seen(act: str) -> None:
    (path,) = paths_of(act)
    assert "expected" in routes()[path].body_field.field_info.annotation.model_fields  # type: ignore[union-attr]


def test_both_doors_amend_an_order() -> None:
    """By its own route: the order is the body."""
    assert {"--by", "--reason", "--dry-run", "--override"} <= commands()["amend"]
    methods_of = [route.methods for route in all_routes() if route.path == "/orders/{order_id}"]
    assert {"PUT"} in methods_of


@pytest.mark.parametrize("act", BULK_ACTIONS)
def test_both_doors_offer_the_act_in_bulk(act: str) -> None:
    assert {"--all", "--dry-run", "--pace", "--stop-after", "--system", "--code", "--since"} <= commands()[act]
    assert f"/bulk/{act}" in routes()


@pytest.mark.parametrize("command", sorted(READING))
def test_both_doors_tell_the_same(command: str) -> None:
    assert command in commands()
    assert READING[command] in routes()


@pytest.mark.parametrize("name", sorted(set(UPDATES) | set(READING) | {"event"}))
def test_the_command_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    assert re.search(rf"`{name}[` ]", text), f"docs/cli.md does not tell of `{name}`"


@pytest.mark.parametrize("act", sorted(UPDATES))
def test_the_request_is_documented(act: str) -> None:
    text = (ROOT / "docs" / "gateway.md").read_text()
    last = (paths_of(act) or [act])[0].rpartition("/")[2]
    assert re.search(rf"/{last}\b", text), f"docs/gateway.md does not tell of {last}"

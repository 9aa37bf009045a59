"""The parts of `/openapi.json` that FastAPI cannot derive from the routes: texts, and bodies that are read by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from compiler.language.order import Order
from gateway.access.route_guard import permission_of
from operations.access.permissions import Permission
from operations.bulk.bulk_responses import BulkResultResponse, BulkSummaryLine

SCHEMA_REF = "#/components/schemas/{model}"

API_DESCRIPTION = """\
Submit orders, deliver events and callbacks, act on orders. When a request succeeds, its result is stored in Temporal.
If you get no response, or 503, send the same request again: it counts once.

Every failure has the shape of `ErrorResponse`. `x-permission` and `x-roles` of an operation say who may call it."""

API_TAGS = [
    {"name": "orders", "description": "Submit, list, read and amend orders."},
    {"name": "events", "description": "Deliver events from other systems."},
    {"name": "callbacks", "description": "Complete asynchronous calls. The id is the capability; no token."},
    {"name": "operators", "description": "What waits for a person, and actions on it."},
    {"name": "reports", "description": "Reports over the orders of a period. They need a ledger."},
    {"name": "systems", "description": "The systems that orders call: their state, switching them off and on."},
    {"name": "catalogue", "description": "The catalogue in force, and edits that the workers refused."},
    {"name": "notifications", "description": "Order events that receivers have not got yet, and sending them again."},
    {"name": "health", "description": "For monitoring. No token."},
]

ORDER_EXAMPLE = {
    "id": "HS-1001",
    "customer": {"id": "C-42", "name": "Elm Street 14"},
    "lines": [{"id": "1", "product": "home_security", "attributes": {"cameras": 4}}],
}
_ORDER_SCHEMA = {"$ref": SCHEMA_REF.format(model="Order")}
ORDER_REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "description": "An order, as in docs/language.md",
        "content": {
            "application/json": {"schema": _ORDER_SCHEMA, "example": ORDER_EXAMPLE},
            "application/yaml": {"schema": _ORDER_SCHEMA},
        },
    }
}
CALLBACK_REQUEST_BODY = {
    "requestBody": {
        "description": "Any JSON, or nothing. Later steps see it as the step's output",
        "content": {"application/json": {"schema": {}}},
    }
}
BULK_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One result a line, then the summary. With `dry_run`, one document",
        "content": {
            "application/x-ndjson": {
                "schema": {
                    "anyOf": [
                        {"$ref": SCHEMA_REF.format(model=model.__name__)}
                        for model in (BulkResultResponse, BulkSummaryLine)
                    ]
                }
            }
        },
    }
}


RoutePermissions = dict[tuple[str, str], Permission]
"""Method and path of a route → what its caller needs."""


def route_permissions(routes: Iterable[BaseRoute]) -> RoutePermissions:
    """Raises TypeError if one of the routes has no guard."""
    return {
        (method.lower(), route.path): permission_of(route)
        for route in routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def publish_openapi(app: FastAPI, permissions: RoutePermissions) -> None:
    """Adds the schemas of bodies that are read or written by hand, and which permission and roles each route needs."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            _, definitions = models_json_schema(
                [(Order, "validation"), (BulkResultResponse, "serialization"), (BulkSummaryLine, "serialization")],
                ref_template=SCHEMA_REF,
            )
            schema = FastAPI.openapi(app)
            schema["components"]["schemas"] |= definitions["$defs"]
            for (method, path), permission in permissions.items():
                needs = {"x-permission": permission.name, "x-roles": sorted(role.value for role in permission.roles)}
                schema["paths"][path][method] |= needs
        return FastAPI.openapi(app)

    app.openapi = openapi  # type: ignore[method-assign]

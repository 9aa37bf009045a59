"""The parts of `/openapi.json` that FastAPI cannot derive from the routes: texts, and bodies that are read by hand."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from compiler.language.order import Order
from operations.bulk.bulk_responses import BulkResultResponse, BulkSummaryLine

SCHEMA_REF = "#/components/schemas/{model}"

API_DESCRIPTION = """\
Submit orders, deliver events and callbacks, act on orders. When a request succeeds, its result is stored in Temporal.
If you get no response, or 503, send the same request again: it counts once.

Every failure has the shape of `ErrorResponse`."""

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


def publish_openapi(app: FastAPI) -> None:
    """Adds the schemas of bodies that are read or written by hand."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            _, definitions = models_json_schema(
                [(Order, "validation"), (BulkResultResponse, "serialization"), (BulkSummaryLine, "serialization")],
                ref_template=SCHEMA_REF,
            )
            FastAPI.openapi(app)["components"]["schemas"] |= definitions["$defs"]
        return FastAPI.openapi(app)

    app.openapi = openapi  # type: ignore[method-assign]

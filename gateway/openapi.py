"""What `/openapi.json` says beyond what the routes' own types say: examples, refusals, the shape of an order."""

from __future__ import annotations

from typing import Any

from compiler.language.order import Order

JsonObject = dict[str, Any]

API_DESCRIPTION = """\
Orders in, events and callbacks in, operators' acts. What is answered with success is kept in Temporal: whoever gets no
answer, or 503, sends the same again, and it counts once.

Every failure is `{"error": {"code", "message", "findings"?}}`."""

API_TAGS = [
    {"name": "orders", "description": "Submit, list, read."},
    {"name": "events", "description": "What other systems tell orders."},
    {"name": "callbacks", "description": "Answers to calls. The id is the capability; no token."},
    {"name": "operators", "description": "What waits for a person, and what they do about it."},
    {"name": "systems", "description": "The systems that orders call: how they fare, off and on."},
    {"name": "notifications", "description": "What receivers have not been told yet, and sending it again."},
    {"name": "health", "description": "For those who watch the process. No token."},
]

ERROR_SCHEMA: JsonObject = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "Stable"},
                "message": {"type": "string", "description": "Why, and what would be possible instead"},
                "findings": {"type": "array", "items": {"type": "object"}},
            },
        }
    },
}


def _error_example(description: str, code: str, message: str) -> JsonObject:
    shown = {"error": {"code": code, "message": message}}
    return {"description": description, "content": {"application/json": {"schema": ERROR_SCHEMA, "example": shown}}}


ERROR_RESPONSES: dict[int | str, JsonObject] = {
    400: _error_example(
        "The body is not what its content type says", "malformed", "The body is not JSON: EOF at line 1"
    ),
    401: _error_example("No token, or another one", "unauthorized", "Send the gateway's token"),
    404: _error_example("There is no such order or step", "not_found", "There is no order HS-9"),
    409: _error_example(
        "The state does not allow it (`not_now`, `stale`, `ambiguous`, `conflict`)",
        "not_now",
        "Step 3 (security_camera.reserve@1) is completed; only a step in fallout can be tried again",
    ),
    410: _error_example("The order has ended", "ended", "Order HS-1001 has ended (completed)"),
    413: _error_example(
        "The body is too large", "too_large", "The body is larger than the 262,144 bytes that this path takes"
    ),
    422: _error_example("The data does not fit", "invalid", "The request does not fit: `by`: Field required"),
    503: _error_example(
        "Temporal, or a worker, is away: send it again", "no_worker", "Order HS-1001: no worker answered"
    ),
}
UNREADY_RESPONSES: dict[int | str, JsonObject] = {
    503: _error_example("Temporal is away", "server_unreachable", "Temporal cannot be reached at localhost:7233")
}

_SUBMISSION_EXAMPLE: JsonObject = {
    "order_id": "HS-1001",
    "workflow_id": "order/HS-1001",
    "run_id": "01a20fdb-7fa2-7379-9619-1fb60ce1d835",
    "state": "in_progress",
    "already_running": False,
    "same_order": True,
    "waiting_for_worker": False,
    "findings": [],
    "steps": 14,
    "catalogue_version": "sha256:9f2c…",
}
_STEP_EXAMPLE: JsonObject = {
    "number": 3,
    "id": "security_camera.reserve@1",
    "workstream": "security_camera",
    "name": "Reserve stock",
    "kind": "call",
    "state": "fatally_failed",
    "attempts": 5,
    "error": {"code": "out_of_stock", "message": "no cam-indoor left", "at": "2026-12-01T08:00:09Z"},
}
_WORKLIST_ITEM_EXAMPLE: JsonObject = {
    "order_id": "HS-1001",
    "customer_id": "C-42",
    "products": ["home_security"],
    "step": _STEP_EXAMPLE,
}
_ORDER_SUMMARY_EXAMPLE: JsonObject = {
    "order_id": "HS-1001",
    "state": "in_progress",
    "jeopardy": "on_track",
    "fallout": 1,
    "open_tasks": 0,
    "customer_id": "C-42",
    "products": ["home_security"],
    "started_at": "2026-12-01T08:00:00Z",
    "ended_at": None,
}
_BLOCKER_EXAMPLE: JsonObject = {
    "step": "security_camera.reserve@1",
    "number": 3,
    "waits_for": "is in fallout after 5 attempts (out_of_stock: no cam-indoor left)",
    "since": "2026-12-01T08:00:09Z",
    "whose_move": "a person's",
    "moved_by": "`retry HS-1001 3` once the cause is fixed, or `complete` it with data, or `skip` it",
    "holds_up": 4,
}
_ORDER_DETAILS_EXAMPLE: JsonObject = {
    "order_id": "HS-1001",
    "state": "in_progress",
    "source": "worker",
    "fallout": 1,
    "lines": [],
}
_SYSTEM_EXAMPLE: JsonObject = {
    "system": "billing",
    "name": "Billing",
    "state": "off",
    "since": "2026-12-01T08:00:09Z",
    "by": "ann",
    "reason": "month-end closing",
    "error": None,
    "per_second": 0,
    "next_at": None,
    "problem": None,
}
_UNDELIVERED_EXAMPLE: JsonObject = {
    "receiver": "crm",
    "event_id": "HS-1001/7",
    "type": "step.fatally_failed",
    "at": "2026-12-01T08:00:09Z",
    "attempts": 11,
    "error": {"code": "503", "message": "receiver crm answered 503", "at": "2026-12-03T07:12:40Z"},
    "next_attempt_at": None,
    "given_up": True,
}
EXAMPLES: dict[str, JsonObject] = {
    "systems": {"systems": [_SYSTEM_EXAMPLE | {"waiting": 12, "limited_by_hand": None}]},
    "switch": _SYSTEM_EXAMPLE
    | {"message": "System billing is off: its calls wait, none of them fails", "already": False},
    "order": _ORDER_DETAILS_EXAMPLE,
    "orders": {"orders": [_ORDER_SUMMARY_EXAMPLE], "next_cursor": None},
    "steps": {"steps": [_STEP_EXAMPLE], "next_offset": None},
    "amendment": {
        "order_id": "HS-1001",
        "revision": 2,
        "message": "Order HS-1001 is at revision 2: 1 redone, 2 with new input, 1 added; 11 stay as they are",
        "accepted": True,
        "dry_run": False,
        "already": False,
        "findings": [],
        "refused": [],
        "kept": 11,
        "counts": {"redone": 1, "new_input": 2, "added": 1},
        "steps": [
            {
                "id": "security_camera.reserve@1",
                "number": 3,
                "summary": "Security camera · Reserve stock",
                "fate": "redone",
                "values": [{"name": "attributes.model", "before": "indoor", "after": "outdoor"}],
            }
        ],
        "may_redo": ["shipment.pack@1"],
        "lines_added": [],
        "lines_removed": [],
        "line_values": {"1": [{"name": "attributes.model", "before": "indoor", "after": "outdoor"}]},
        "order_values": [],
        "catalogue_version": "sha256:9f2c…",
    },
    "why": {"order_id": "HS-1001", "state": "in_progress", "step": None, "ended": None, "reasons": [_BLOCKER_EXAMPLE]},
    "fallout": {"fallout": [_WORKLIST_ITEM_EXAMPLE], "unanswered": []},
    "tasks": {"tasks": [_WORKLIST_ITEM_EXAMPLE], "unanswered": []},
    "act": {
        "order_id": "HS-1001",
        "step": "security_camera.reserve@1",
        "state": "in_progress",
        "message": "Step 3 (security_camera.reserve@1) is tried again",
        "already": False,
    },
    "undelivered": {"notifications": [{"order_id": "HS-1001", **_UNDELIVERED_EXAMPLE}], "unanswered": []},
    "notifications": {
        "order_id": "HS-1001",
        "undelivered": [_UNDELIVERED_EXAMPLE],
        "given_up": 1,
        "waiting": 0,
        "dropped": 0,
        "order_ended": False,
    },
    "resend": {"order_id": "HS-1001", "events": 1},
    "order_act": {
        "order_id": "HS-1001",
        "step": None,
        "state": None,
        "message": "Order HS-1001 is cancelled: it will take 4 steps back, leave 6 steps undone",
        "already": False,
        "assessment": {
            "undone": ["security_camera.reserve@1"],
            "discarded": ["billing_account.activate@1"],
            "kept": [],
            "past_no_return": [],
            "refused": False,
        },
    },
    "history": {
        "order_id": "HS-1001",
        "state": "in_progress",
        "history": [
            {
                "at": "2026-12-01T08:02:11Z",
                "what": "retried",
                "step": "security_camera.reserve@1",
                "by": "ann",
                "reason": "stock was counted",
            }
        ],
    },
    "health": {"status": "ok"},
}


def _json_response(description: str, body: JsonObject) -> JsonObject:
    return {"description": description, "content": {"application/json": {"example": body}}}


def example_response(name: str) -> dict[int | str, JsonObject]:
    return {200: _json_response("Done", EXAMPLES[name])}


_BULK_RESULT_EXAMPLE: JsonObject = {
    "order_id": "HS-1001",
    "step": "security_camera.reserve@1",
    "outcome": "done",
    "code": None,
    "message": "Step 3 (security_camera.reserve@1) was retried",
}
BULK_RESPONSES: dict[int | str, JsonObject] = {
    200: {
        "description": "One result a line, then the summary; with `dry_run` one document, `{targets, unanswered}`",
        "content": {"application/x-ndjson": {"example": _BULK_RESULT_EXAMPLE}},
    }
}

SUBMISSION_RESPONSES: dict[int | str, JsonObject] = {
    201: _json_response("Accepted: it runs", _SUBMISSION_EXAMPLE),
    200: _json_response("It runs already, with the same content", _SUBMISSION_EXAMPLE | {"already_running": True}),
    202: _json_response(
        "Kept, and waits for a worker to take it up",
        {**_SUBMISSION_EXAMPLE, "state": "acknowledged", "waiting_for_worker": True},
    ),
}
DELIVERY_RESPONSES: dict[int | str, JsonObject] = {
    200: _json_response(
        "`completed` a step, `delivered` to the order, `duplicate` of one that came before, or `late`",
        {"status": "completed", "order_id": "HS-1001", "step": "security_camera.delivered@1"},
    ),
    202: _json_response(
        "Kept, for a step, an order or a worker that is not there yet",
        {"status": "kept", "order_id": None, "step": None},
    ),
}

ORDER_EXAMPLE: JsonObject = {
    "id": "HS-1001",
    "customer": {"id": "C-42", "name": "Elm Street 14"},
    "lines": [{"id": "1", "product": "home_security", "attributes": {"cameras": 4}}],
}
_ORDER_SCHEMA = {"$ref": "#/components/schemas/Order"}
ORDER_REQUEST_BODY: JsonObject = {
    "requestBody": {
        "required": True,
        "description": "An order, as docs/language.md has it",
        "content": {
            "application/json": {"schema": _ORDER_SCHEMA, "example": ORDER_EXAMPLE},
            "application/yaml": {"schema": _ORDER_SCHEMA},
        },
    }
}
CALLBACK_REQUEST_BODY: JsonObject = {
    "requestBody": {
        "required": False,
        "description": "What later steps see as the step's output",
        "content": {"application/json": {"schema": {}, "example": {"visit": "V-7", "at": "2026-12-03T09:00:00Z"}}},
    }
}


def order_schema_components() -> dict[str, JsonObject]:
    """The components that ORDER_BODY refers to."""
    schema = Order.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, JsonObject] = schema.pop("$defs", {})
    return parts | {"Order": schema}

"""Values that mean something to the gateway under test. Random ids would only ever find nothing."""

from __future__ import annotations

import json
import zlib
from typing import Any, NamedTuple, TypeAlias

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from ledger.reading.paging.sorting import OrderColumn, WorkColumn
from tests.support.gateway.http_requests import Json, an_order

AnyCase: TypeAlias = "schemathesis.Case[Any]"

ORDERS = {
    "FUZZ-survey": "survey",
    "FUZZ-shop": "shop",
    "FUZZ-stubborn": "stubborn",
    "FUZZ-visit": "visit",
    "FUZZ-rest": "rest",
    "FUZZ-prepaid": "prepaid",
    "FUZZ-parcel": "parcel",
    "FUZZ-guest": "guest",
}
"""Id → product of the orders that run."""
TASKS = ("FUZZ-task-1", "FUZZ-task-2", "FUZZ-task-3")
"""More orders of a survey, for a bulk job that lasts. No request names them."""
ATTRIBUTES = {"guest": {"host": "FUZZ-absent"}, "parcel": {"tracking": "T-9"}}
"""Product → attributes that it needs. Nothing ever comes for them."""
CANCELLED, REJECTED, INTERRUPTED, ABSENT = "FUZZ-cancelled", "FUZZ-rejected", "FUZZ-interrupted", "FUZZ-absent"
CALLBACK, CURSOR, JOB = "callback-of-FUZZ-visit", "cursor-of-a-list", "FUZZ-job"
"""Placeholders: the values are known once the gateway runs."""

DICTIONARIES: dict[str, list[Any]] = {
    "orders": [*ORDERS, CANCELLED, REJECTED, INTERRUPTED, ABSENT],
    "products": sorted({*ORDERS.values(), "letter", "no_such_product"}),
    "steps": ["1", "2", "0", "99", "survey.ask@1", "shop.opened@1", "shop.closed@1", "visit.book@1", "stubborn.try@1"],
    "submissions": [1, 2, 99],
    "jobs": [JOB, "FUZZ-no-job"],
    "systems": ["desk", "no_such_system"],
    "versions": ["1", "7", "current"],
    "lines": ["1", "2"],
    "events": ["opened", "closed", "signed", "left", "paid"],
    "queues": ["field_ops", "no_such_queue"],
    "callbacks": [CALLBACK],
    "cursors": [CURSOR],
    "customers": ["C-1", "C-2"],
    "codes": ["refused", "409"],
    "people": ["ann", "kim", "nobody"],
    "words": ["fuzz", "c-1", "FUZZ surv", "zoë"],
    "sorts": sorted({*map(str, OrderColumn), *map(str, WorkColumn), "requested:asc", "since:desc"}),
    "beginnings": ["2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
    "ends": ["2100-01-01T00:00:00Z", "2026-01-01T00:00:00+01:00"],
}
EXAMPLES_IN_PATHS = {"order_id": "HS-1001", "step": "security_camera.reserve@1", "system": "billing"} | {
    "job": "retry-2026-12-01",
}
"""What the published schema has as examples; they do not exist here."""


class FittingAction(NamedTuple):
    order_id: str
    data: Json | None = None


FITTING_ACTIONS = {
    "retry": FittingAction("FUZZ-stubborn"),
    "skip": FittingAction("FUZZ-stubborn"),
    "redo": FittingAction("FUZZ-stubborn"),
    "complete": FittingAction("FUZZ-survey", {"answer": "yes"}),
    "claim": FittingAction("FUZZ-survey"),
    "assign": FittingAction("FUZZ-survey", {"to": "kim"}),
    "reschedule": FittingAction("FUZZ-rest", {"to": "2040-01-01T00:00:00Z"}),
    "extend": FittingAction("FUZZ-parcel", {"by": "2d"}),
    "proceed": FittingAction("FUZZ-guest"),
    "rollback": FittingAction("FUZZ-prepaid"),
    "recover": FittingAction(INTERRUPTED),
}
"""Action → an order that takes it, on its first step if it is for a step, with data that fit."""
BINDINGS = {
    "path.order_id": "orders",
    "path.step": "steps",
    "path.system": "systems",
    "path.version": "versions",
    "path.job": "jobs",
    "path.callback_id": "callbacks",
    "query.step": "steps",
    "query.submission": "submissions",
    "query.cursor": "cursors",
    "query.customer": "customers",
    "query.product": "products",
    "query.queue": "queues",
    "query.catalogue_version": "versions",
    "query.sort": "sorts",
    "query.system": "systems",
    "query.code": "codes",
    "query.holder": "people",
    "query.search": "words",
    "query.since": "beginnings",
    "query.until": "ends",
    "query.ended_since": "beginnings",
    "query.ended_until": "ends",
    "query.requested_since": "beginnings",
    "query.requested_until": "ends",
    "query.due_until": "ends",
    "body.id": "orders",
    "body.name": "events",
    "body.step": "steps",
    "body.line": "lines",
    "body.system": "systems",
    "body.code": "codes",
    "body.product": "products",
    "body.customer": "customers",
    "body.queue": "queues",
    "body.lines[*].product": "products",
}
"""Parameter → dictionary. A parameter that is not listed gets random values."""


def known_order(order_id: str) -> Json:
    """The order with this id; an order of one survey if it is not a known one."""
    product = ORDERS.get(order_id, "survey")
    return an_order(product, order_id, **ATTRIBUTES.get(product, {}))


def put_known_values(case: AnyCase) -> None:
    """Makes valid requests mean something: a path names what exists, and every other body fits.

    Which one depends only on the request, so that shrinking and repeating find the same.
    """
    if case.meta is None or case.meta.is_negative_at(ParameterLocation.PATH):
        return
    number = zlib.crc32(json.dumps([case.body, case.query], sort_keys=True, default=str).encode())
    for name, example in EXAMPLES_IN_PATHS.items():
        if case.path_parameters.get(name) == example:
            values = DICTIONARIES[BINDINGS[f"path.{name}"]]
            case.path_parameters[name] = values[number % len(values)]
    if case.meta.generation.mode.is_positive and case.query.get("cursor") == CURSOR and number % 2:
        case.query = {"cursor": CURSOR}  # it belongs to a list without filter and sort
    if case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        if case.path == "/bulk-jobs" or case.path.startswith("/bulk/"):
            case.body["pace"] = 1000
        if number % 2:
            _put_fitting_body(case, number)


def _put_fitting_body(case: AnyCase, number: int) -> None:
    act = case.path.rpartition("/")[2]
    if case.path == "/orders":
        case.body = known_order(f"FUZZ-{number}")
    elif case.path == "/orders/{order_id}":
        order_id = list(ORDERS)[number % len(ORDERS)]
        case.path_parameters["order_id"] = order_id
        case.body = known_order(order_id)
        case.query = {"by": "ann"}
    elif case.path == "/bulk-jobs":
        case.body = {"action": "skip", "by": "ann", "code": "409", "limit": 1, "pace": 1000}
    elif "{job}" in case.path:
        case.path_parameters["job"] = JOB
        case.body = {"by": "ann"}
    elif fitting := FITTING_ACTIONS.get(act) if "{order_id}" in case.path else None:
        case.path_parameters |= {"order_id": fitting.order_id} | ({"step": "1"} if "{step}" in case.path else {})
        case.body = {"by": "ann"} | ({"data": fitting.data} if fitting.data else {})

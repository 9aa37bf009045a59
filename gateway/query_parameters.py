"""Refuses query parameters that a route does not have, or that it takes only once: none is ignored in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from compiler.source.findings import did_you_mean


def refuse_unknown_parameters(request: Request) -> None:
    """A dependency of routes. Raises RequestValidationError."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    route = request.scope.get("route")
    if not given or not isinstance(route, APIRoute):
        return
    known = {field.alias: field for field in _query_fields(route.dependant)}
    problems = [
        _problem(name, f"there is no such parameter{did_you_mean(name, known)}") for name in given if name not in known
    ]
    problems += [
        _problem(name, f"it is given {count} times, and counts once")
        for name, count in given.items()
        if count > 1 and name in known and not _is_list(known[name].field_info.annotation)
    ]
    if problems:
        raise RequestValidationError(problems)


def _query_fields(dependant: Dependant) -> Iterator[Any]:
    """Those of the route and of what it depends on."""
    yield from dependant.query_params
    for each in dependant.dependencies:
        yield from _query_fields(each)


def _problem(name: str, message: str) -> dict[str, Any]:
    return {"loc": ("query", name), "msg": message, "type": "query_parameter"}


def _is_list(annotation: Any) -> bool:
    choices: Sequence[Any] = (annotation, *get_args(annotation))
    return any(get_origin(choice) is list for choice in choices)

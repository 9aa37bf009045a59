"""Reads JSON strictly: two parsers must never read the same text differently."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from gateway.errors import MalformedBody


def parse_json(body: bytes) -> Any:
    """The JSON in `body`, at most 200 levels deep. Raises MalformedBody, also for `NaN` and for duplicate keys."""
    try:
        from_json(body, allow_inf_nan=False)
        return json.loads(body, object_pairs_hook=_require_unique_keys, parse_float=_parse_finite_float)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"The body is not JSON: {str(error)[:200]}") from None


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:80]} is too large")
    return number


def _require_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"duplicate key {key[:80]!r}")
        values[key] = value
    return values


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def is_json_media_type(media: str) -> bool:
    return media == "application/json" or media.endswith("+json")


class StrictJsonRequest(Request):
    async def json(self) -> Any:
        return parse_json(await self.body())


class StrictJsonRoute(APIRoute):
    """Parses the body with `parse_json`. A route with a typed body refuses every other media type."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        has_typed_body = self.body_field is not None

        async def handle_strictly(request: Request) -> Response:
            if has_typed_body and not is_json_media_type(media_type(request)):
                raise HTTPException(415, "Send JSON, with `Content-Type: application/json`")
            return await handle(StrictJsonRequest(request.scope, request.receive))

        return handle_strictly

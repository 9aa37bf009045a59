"""HTTP requests and responses of pretend systems, in the formats that calls use (docs/language.md, Formats)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from activity_contract.form_encoding import encode_form, parse_form
from activity_contract.xml_encoding import encode_xml, parse_xml
from compiler.values import as_text
from scenarios.pretend.messages import PretendRequest, PretendResponse

_PARSERS: dict[str, Callable[[bytes], Any]] = {
    "application/json": json.loads,
    "application/x-www-form-urlencoded": lambda raw: parse_form(raw.decode()),
    "application/xml": lambda raw: parse_xml(raw, None),
    "text/xml": lambda raw: parse_xml(raw, None),
}
_ENCODERS: dict[str, Callable[[Any], str]] = {
    "application/json": lambda body: json.dumps(body, ensure_ascii=False),
    "text/plain": as_text,
    "application/x-www-form-urlencoded": encode_form,
    "application/xml": encode_xml,
}
"""Media type that a caller accepts → encoder. JSON for any other."""
_NO_CONTENT = frozenset({204, 304})


async def read_request(request: Request, path: str) -> PretendRequest:
    """`path`: within the system, as sent. A body that is not what its Content-Type says is taken as text."""
    raw = await request.body()
    query: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        earlier = query.get(name)
        query[name] = value if earlier is None else [*(earlier if isinstance(earlier, list) else [earlier]), value]
    return PretendRequest(request.method, path, query, dict(request.headers), _parse_body(raw, request))


def _parse_body(raw: bytes, request: Request) -> Any:
    if not raw:
        return None
    parse = _PARSERS.get(_media_type(request.headers.get("content-type", "")))
    try:
        return parse(raw) if parse else raw.decode("utf-8", "replace")
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")


def _media_type(header: str) -> str:
    return header.partition(";")[0].partition(",")[0].strip().lower()


def http_response(response: PretendResponse, accept: str) -> Response:
    """`accept`: the request's header, which says in which format the caller wants the body.

    A body that this format cannot express is sent as JSON.
    """
    if response.error == "timeout":
        return SilentResponse()
    if response.error == "connection":
        return DroppedConnection()
    headers = dict(response.headers)
    if response.body is None or response.status in _NO_CONTENT:
        return Response(status_code=response.status, headers=headers)
    media_type = _media_type(accept)
    if media_type not in _ENCODERS:
        media_type = "application/json"
    if media_type == "application/xml" and isinstance(response.body, str):
        content = response.body
    else:
        try:
            content = _ENCODERS[media_type](response.body)
        except ValueError:
            media_type, content = "application/json", json.dumps(response.body, ensure_ascii=False)
    named = next((value for name, value in headers.items() if name.lower() == "content-type"), media_type)
    headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    return Response(content, response.status, headers, named)


class SilentResponse(Response):
    """Sends nothing until the caller gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        while (await receive())["type"] != "http.disconnect":
            pass


class DroppedConnection(Response):
    """Announces a body and never sends it, so the server closes the connection in the middle of the response."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})

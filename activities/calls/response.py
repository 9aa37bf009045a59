"""Reads the response of a system: limited in size, parsed as the call expects, secrets masked."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Callable
from typing import Any, NoReturn

import httpx

from activities.attempts.failure import AttemptFailure
from activities.calls.http_response import HttpResponse
from activities.calls.request import HttpRequest
from activities.systems.response_body import read_body
from activity_contract.calls import RESPONSE_TOO_LARGE, RESPONSE_UNREADABLE
from activity_contract.form_encoding import parse_form
from activity_contract.xml_encoding import parse_xml
from compiler.language.http_words import BodyFormat

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Limit for a response body, decompressed."""
MAX_DEPTH = 100
"""Levels of nesting. Temporal payloads may have 200."""
FORMAT_LABELS: dict[BodyFormat, str] = {"json": "JSON", "xml": "XML", "form": "a form"}
_SURROGATE = re.compile("[\ud800-\udfff]")


async def read_response(response: httpx.Response, request: HttpRequest, accept: BodyFormat) -> HttpResponse:
    """Raises AttemptFailure (answer_too_large, answer_unreadable) for a 2xx response.

    Any other response may have any body: the text if it cannot be parsed, None if it cannot be read.
    """
    raw = await _read_body(response, request)
    charset = _charset(response)
    text = raw.decode(charset or "utf-8", "replace") if raw else ""
    headers = {name: request.masker.mask_text(value) for name, value in response.headers.items()}
    if not raw:
        return HttpResponse(response.status_code, headers, None)
    if accept == "text":
        return HttpResponse(response.status_code, headers, request.masker.mask_text(text))
    try:
        if accept == "json":
            body = request.masker.mask_parsed(_parse_json(text), text)
        else:
            body = request.masker.mask_value(parse_form(text) if accept == "form" else parse_xml(raw, charset))
    except (ValueError, RecursionError) as error:
        if response.is_success:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            _raise_unreadable(request, accept, request.masker.mask_text(reason), response.status_code)
        body = request.masker.mask_text(text)
    return HttpResponse(response.status_code, headers, body)


def _charset(response: httpx.Response) -> str | None:
    """The charset that the Content-Type names; None if it names none, or an unknown one."""
    name = response.charset_encoding or ""
    try:
        b"?".decode(name, "replace")
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None


def _raise_unreadable(request: HttpRequest, accept: BodyFormat | None, reason: str, status: int) -> NoReturn:
    format_ = f" as {FORMAT_LABELS.get(accept, accept)}" if accept else ""
    message = f"{request.label}: the response cannot be read{format_}: {reason[:200]}"
    raise AttemptFailure(RESPONSE_UNREADABLE, message, status=status, outcome_known=False)


def _parse_json(text: str) -> Any:
    """Raises ValueError if `text` is not JSON, or nested too deeply for a payload."""
    value = json.loads(text, parse_constant=_reject_constant)
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(text):
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    return _replace_surrogates(value) if "\\u" in text else value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _is_too_deep(text: str) -> bool:
    level, in_string = 0, False
    for token in re.findall(r'\\.|["\[\]{}]', text):
        if token == '"':
            in_string = not in_string
        elif not in_string and token in "[{":
            level += 1
            if level > MAX_DEPTH:
                return True
        elif not in_string and token in "]}":
            level -= 1
    return False


def _replace_surrogates(value: Any) -> Any:
    """Replaces lone surrogates: JSON can escape them, but UTF-8 cannot encode them."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    return [_replace_surrogates(item) for item in value] if isinstance(value, list) else value


async def _read_body(response: httpx.Response, request: HttpRequest) -> bytes:
    """The decompressed body; empty for an error response whose body cannot be read."""
    status = response.status_code
    try:
        body = await read_body(response, MAX_BODY_BYTES, _decompressor(response))
    except ValueError as error:
        if response.is_success:
            _raise_unreadable(request, None, str(error), status)
        return b""
    if body is None and response.is_success:
        limit = MAX_BODY_BYTES // 1024
        message = f"{request.label}: the response has more than {limit} KiB; request less data"
        raise AttemptFailure(RESPONSE_TOO_LARGE, message, status=status, retryable=False, outcome_known=False)
    return body or b""


def _decompressor(response: httpx.Response) -> Callable[[bytes], bytes] | None:
    """For systems that compress although the request accepts no encoding. Raises ValueError for an unknown encoding."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise ValueError(f"its encoding {encoding[:40]} was not requested")
    decompressor = zlib.decompressobj(wbits=47)

    def decompress(chunk: bytes) -> bytes:
        try:
            return decompressor.decompress(chunk, MAX_BODY_BYTES + 1)
        except zlib.error:
            raise ValueError("its compression is broken") from None

    return decompress

"""The answer of a system: bounded, read as the call expects it, nothing secret left in it."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx

from activities.attempts.failure import AttemptFailure
from activities.calls.form_encoding import parse_form
from activities.calls.request import HttpRequest
from activities.calls.xml_encoding import parse_xml
from activity_contract.calls import RESPONSE_TOO_LARGE, RESPONSE_UNREADABLE
from compiler.language.steps import BodyFormat

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Bytes of an answer's body, decoded."""
MAX_DEPTH = 100
"""Levels of nesting; what Temporal carries may have 200."""
FORMAT_LABELS: dict[BodyFormat, str] = {"json": "JSON", "xml": "XML", "form": "a form"}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What expressions see as `response`."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: Any

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def bindings(self) -> dict[str, Any]:
        return {"status": self.status, "headers": self.headers, "body": self.body}


async def read_response(response: httpx.Response, request: HttpRequest, accept: BodyFormat) -> HttpResponse:
    """Raises Failure (answer_too_large, answer_unreadable) for an answer 2xx.

    The body of an error may be anything: its text where it is not in the form expected, None where none can be read.
    """
    raw = await _read_bounded(response, request)
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
            read = parse_form(text) if accept == "form" else parse_xml(raw, charset)
            body = request.masker.mask_value(read)
    except (ValueError, RecursionError) as error:
        if response.is_success:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            _raise_unreadable(request, accept, request.masker.mask_text(reason), response.status_code)
        body = request.masker.mask_text(text)
    return HttpResponse(response.status_code, headers, body)


def _charset(response: httpx.Response) -> str | None:
    """As the header names it; None where it names none, or one that nobody knows."""
    name = response.charset_encoding or ""
    try:
        b"?".decode(name, "replace")
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None


def _raise_unreadable(request: HttpRequest, accept: BodyFormat | None, reason: str, status: int) -> NoReturn:
    form = f" as {FORMAT_LABELS.get(accept, accept)}" if accept else ""
    message = f"{request.label}: the answer cannot be read{form}: {reason[:200]}"
    raise AttemptFailure(RESPONSE_UNREADABLE, message, status=status, outcome_known=False)


def _parse_json(text: str) -> Any:
    """Raises ValueError for what is not JSON, or could not be carried on."""
    value = json.loads(text, parse_constant=_reject_constant)
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(text):
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    return _replace_surrogates(value) if "\\u" in text else value


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _is_too_deep(text: str) -> bool:
    level, in_text = 0, False
    for token in re.findall(r'\\.|["\[\]{}]', text):
        if token == '"':
            in_text = not in_text
        elif not in_text and token in "[{":
            level += 1
            if level > MAX_DEPTH:
                return True
        elif not in_text and token in "]}":
            level -= 1
    return False


def _replace_surrogates(value: Any) -> Any:
    """Half a character, which JSON can spell and nothing else can carry, becomes a replacement character."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    return [_replace_surrogates(item) for item in value] if isinstance(value, list) else value


async def _read_bounded(response: httpx.Response, request: HttpRequest) -> bytes:
    """The body, never more than LARGEST held, whatever its encoding would unfold to."""
    try:
        return await _read_body(response)
    except _TooLargeError:
        if response.is_success:
            message = f"{request.label}: the answer has more than {MAX_BODY_BYTES // 1024} KiB; ask for less of it"
            status = response.status_code
            raise AttemptFailure(
                RESPONSE_TOO_LARGE, message, status=status, retryable=False, outcome_known=False
            ) from None
    except ValueError as error:
        if response.is_success:
            _raise_unreadable(request, None, str(error), response.status_code)
    return b""


class _TooLargeError(Exception):
    pass


async def _read_body(response: httpx.Response) -> bytes:
    """Raises ValueError where the body's encoding cannot be undone."""
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > MAX_BODY_BYTES:
        raise _TooLargeError
    inflate = _decoder(response)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk if inflate is None else _decompress(inflate, chunk)
        if len(body) > MAX_BODY_BYTES:
            raise _TooLargeError
    return bytes(body)


def _decoder(response: httpx.Response) -> Any:
    """We ask for no encoding; some systems compress all the same."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(wbits=47)
    raise ValueError(f"it is encoded as {encoding[:40]}, which was not asked for")


def _decompress(decompressor: Any, chunk: bytes) -> bytes:
    try:
        unfolded: bytes = decompressor.decompress(chunk, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise ValueError("its compression is broken") from None
    return unfolded

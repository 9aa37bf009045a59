"""The answer of a system: bounded, read as the call expects it, nothing secret left in it."""

from __future__ import annotations

import codecs
import json
import re
import zlib
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx

from activities.attempts.failure import Failure
from activities.calls.form_encoding import parsed_form
from activities.calls.request import Request
from activities.calls.xml_encoding import parsed_xml
from activity_contract.calls import ANSWER_TOO_LARGE, ANSWER_UNREADABLE
from compiler.language.steps import Format

LARGEST = 4 * 1024 * 1024
"""Bytes of an answer's body, decoded."""
DEEPEST = 100
"""Levels of nesting; what Temporal carries may have 200."""
READ_AS: dict[Format, str] = {"json": "JSON", "xml": "XML", "form": "a form"}
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What expressions see as `response`."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: Any

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    def bindings(self) -> dict[str, Any]:
        return {"status": self.status, "headers": self.headers, "body": self.body}


async def read_answer(response: httpx.Response, request: Request, accept: Format) -> Answer:
    """Raises Failure (answer_too_large, answer_unreadable) for an answer 2xx.

    The body of an error may be anything: its text where it is not in the form expected, None where none can be read.
    """
    raw = await _bounded(response, request)
    charset = _charset(response)
    text = raw.decode(charset or "utf-8", "replace") if raw else ""
    headers = {name: request.masks.text(value) for name, value in response.headers.items()}
    if not raw:
        return Answer(response.status_code, headers, None)
    if accept == "text":
        return Answer(response.status_code, headers, request.masks.text(text))
    try:
        if accept == "json":
            body = request.masks.parsed(_parsed(text), text)
        else:
            read = parsed_form(text) if accept == "form" else parsed_xml(raw, charset)
            body = request.masks.value(read)
    except (ValueError, RecursionError) as error:
        if response.is_success:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            _unreadable(request, accept, request.masks.text(reason), response.status_code)
        body = request.masks.text(text)
    return Answer(response.status_code, headers, body)


def _charset(response: httpx.Response) -> str | None:
    """As the header names it; None where it names none, or one that nobody knows."""
    name = response.charset_encoding or ""
    try:
        b"?".decode(name, "replace")
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None


def _unreadable(request: Request, accept: Format | None, reason: str, status: int) -> NoReturn:
    form = f" as {READ_AS.get(accept, accept)}" if accept else ""
    message = f"{request.shown}: the answer cannot be read{form}: {reason[:200]}"
    raise Failure(ANSWER_UNREADABLE, message, status=status, outcome_known=False)


def _parsed(text: str) -> Any:
    """Raises ValueError for what is not JSON, or could not be carried on."""
    value = json.loads(text, parse_constant=_no_number)
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(text):
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")
    return _without_surrogates(value) if "\\u" in text else value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _is_deep(text: str) -> bool:
    level, in_text = 0, False
    for token in re.findall(r'\\.|["\[\]{}]', text):
        if token == '"':
            in_text = not in_text
        elif not in_text and token in "[{":
            level += 1
            if level > DEEPEST:
                return True
        elif not in_text and token in "]}":
            level -= 1
    return False


def _without_surrogates(value: Any) -> Any:
    """Half a character, which JSON can spell and nothing else can carry, becomes a replacement character."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return [_without_surrogates(item) for item in value] if isinstance(value, list) else value


async def _bounded(response: httpx.Response, request: Request) -> bytes:
    """The body, never more than LARGEST held, whatever its encoding would unfold to."""
    try:
        return await _read(response)
    except _TooLargeError:
        if response.is_success:
            message = f"{request.shown}: the answer has more than {LARGEST // 1024} KiB; ask for less of it"
            status = response.status_code
            raise Failure(ANSWER_TOO_LARGE, message, status=status, retryable=False, outcome_known=False) from None
    except ValueError as error:
        if response.is_success:
            _unreadable(request, None, str(error), response.status_code)
    return b""


class _TooLargeError(Exception):
    pass


async def _read(response: httpx.Response) -> bytes:
    """Raises ValueError where the body's encoding cannot be undone."""
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > LARGEST:
        raise _TooLargeError
    inflate = _decoder(response)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk if inflate is None else _inflated(inflate, chunk)
        if len(body) > LARGEST:
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


def _inflated(inflate: Any, chunk: bytes) -> bytes:
    try:
        unfolded: bytes = inflate.decompress(chunk, LARGEST + 1)
    except zlib.error:
        raise ValueError("its compression is broken") from None
    return unfolded

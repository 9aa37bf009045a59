"""Builds the HTTP request of a call, with secrets and the callback URL inserted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from activities.attempts.failure import configuration_error, definition_error
from activities.calls.secret_masking import CallbackTarget, SecretMasker
from activities.systems.credentials import Credentials
from activities.systems.environment import callback_settings
from activities.systems.resolved_system import ResolvedSystem
from activities.systems.urls import build_url
from activity_contract.callback_id import make_callback_id
from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, SystemCall
from activity_contract.form_encoding import encode_form
from activity_contract.xml_encoding import encode_xml
from compiler.language.http_words import BodyFormat
from compiler.values import as_text

_ACCEPT_TYPES: dict[BodyFormat, str] = {
    "json": "application/json",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml, text/xml",
}
_ENCODERS: dict[BodyFormat, tuple[Callable[[Any], str], str]] = {
    "json": (lambda body: json.dumps(body, ensure_ascii=False, separators=(",", ":")), "application/json"),
    "text": (as_text, "text/plain; charset=utf-8"),
    "form": (encode_form, "application/x-www-form-urlencoded"),
    "xml": (encode_xml, "application/xml; charset=utf-8"),
}
"""Format → (encoder of the body, Content-Type)."""
_RESERVED_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "upgrade"}
)
"""Headers that the HTTP client sets itself."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_KEY_SAFE_CHARS = "/:@#%~!$&'()*+,;=|"
"""These characters of an idempotency key are sent as they are. Others that no header can carry are percent-encoded."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    masker: SecretMasker
    label: str
    """`Inventory Management, POST /reservations`: names the call in messages, without secrets."""


def build_request(call: SystemCall, system: ResolvedSystem, credentials: Credentials) -> HttpRequest:
    """Raises AttemptFailure (configuration_error, definition_error) if the call cannot be made."""
    endpoint, label = system.endpoint, f"{system.name}, {call.method.upper()} {call.path[:200]}"
    callback = _create_callback(call, label) if call.callback else None
    masker = SecretMasker((*credentials.masked_values, *endpoint.secret_headers), callback)
    content, media_type = _encode_body(_insert_callback(callback, call.body), call.format, label)
    accept = call.accept or call.format
    headers = {"User-Agent": "ordo", "Accept": _ACCEPT_TYPES[accept], "Accept-Encoding": "identity"}
    if media_type:
        headers["Content-Type"] = media_type
    headers = _merge_headers(
        headers,
        _check_headers(endpoint.headers, label),
        _check_headers(_insert_callback(callback, call.headers), label),
        _check_headers(credentials.headers, label),
        {"Idempotency-Key": quote(call.idempotency_key, safe=_KEY_SAFE_CHARS)},
    )
    path, query = _insert_callback(callback, call.path), _insert_callback(callback, call.query)
    return HttpRequest(
        call.method.upper(), build_url(endpoint.base, path, query, label), headers, content, masker, label
    )


def build_probe_request(system: ResolvedSystem, credentials: Credentials) -> HttpRequest:
    """The request that checks whether the system answers at all. Raises AttemptFailure (definition_error)."""
    endpoint, probe = system.endpoint, system.system.probe
    label = f"{system.name}, GET {probe or endpoint.base.prefix or '/'}"
    headers = {"User-Agent": "ordo", "Accept": "*/*", "Accept-Encoding": "identity"}
    headers = _merge_headers(
        headers, _check_headers(endpoint.headers, label), _check_headers(credentials.headers, label)
    )
    masker = SecretMasker((*credentials.masked_values, *endpoint.secret_headers))
    return HttpRequest("GET", build_url(endpoint.base, probe or "", {}, label), headers, None, masker, label)


def _create_callback(call: SystemCall, label: str) -> CallbackTarget:
    try:
        secret, gateway = callback_settings()
        id_ = make_callback_id(secret, call.order_id, call.step_id, call.idempotency_key)
    except ValueError as error:
        raise configuration_error(f"{label}: {error}") from None
    return CallbackTarget(f"{gateway}/callbacks/{id_}", id_)


def _insert_callback(callback: CallbackTarget | None, value: Any) -> Any:
    """`value` with the real callback URL and id instead of the placeholders."""
    if callback is None:
        return value
    if isinstance(value, str):
        return value.replace(CALLBACK_URL, callback.url).replace(CALLBACK_ID, callback.id)
    if isinstance(value, dict):
        return {_insert_callback(callback, key): _insert_callback(callback, item) for key, item in value.items()}
    return [_insert_callback(callback, item) for item in value] if isinstance(value, list) else value


def _encode_body(body: Any, format_: BodyFormat, label: str) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    encode, media_type = _ENCODERS[format_]
    try:
        return encode(body).encode(), media_type
    except ValueError as error:
        raise definition_error(f"{label}: the body cannot be sent as {format_}: {error}") from None


def _merge_headers(*layers: Mapping[str, str]) -> dict[str, str]:
    """Later layers override earlier ones; names are compared without case."""
    headers = {name.lower(): (name, value) for layer in layers for name, value in layer.items()}
    return dict(headers.values())


def _check_headers(headers: Mapping[str, str], label: str) -> Mapping[str, str]:
    for name, value in headers.items():
        if name.lower() in _RESERVED_HEADERS:
            raise definition_error(f"{label}: the header {name} cannot be set; the HTTP client sets it")
        if not _HEADER_NAME.fullmatch(name):
            raise definition_error(f"{label}: `{name[:100]}` is not a valid header name")
        if not (value.isprintable() and value.isascii()):
            raise definition_error(f"{label}: the value of header {name} has characters that no header can carry")
    return headers

"""The request of a call: everything that is sent, the secrets and the callback's address put in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from activities.attempts.failure import configuration_error, definition_error
from activities.calls.form_encoding import encode_form
from activities.calls.secret_masking import CallbackTarget, SecretMasker
from activities.calls.xml_encoding import encode_xml
from activities.systems.credentials import Credentials
from activities.systems.environment import callback_settings
from activities.systems.resolved_system import ResolvedSystem
from activities.systems.urls import build_url
from activity_contract.callback_id import make_callback_id
from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, SystemCall
from compiler.language.steps import BodyFormat
from compiler.values import as_text

_ACCEPT_TYPES: dict[BodyFormat, str] = {
    "json": "application/json",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml, text/xml",
}
"""What is accepted."""
_ENCODERS: dict[BodyFormat, tuple[Callable[[Any], str], str]] = {
    "json": (lambda body: json.dumps(body, ensure_ascii=False, separators=(",", ":")), "application/json"),
    "text": (as_text, "text/plain; charset=utf-8"),
    "form": (encode_form, "application/x-www-form-urlencoded"),
    "xml": (encode_xml, "application/xml; charset=utf-8"),
}
"""How a body is written, and as what it is sent."""
_RESERVED_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "upgrade"}
)
"""Headers that belong to the exchange itself."""
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_KEY_SAFE_CHARS = "/:@#%~!$&'()*+,;=|"
"""What an idempotency key is made of goes out as it is; what no header can carry is percent-encoded."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    masker: SecretMasker
    label: str
    """`Inventory Management, POST /reservations`: the call in words, nothing secret in it."""


def build_request(call: SystemCall, system: ResolvedSystem, credentials: Credentials) -> HttpRequest:
    """Raises Failure (configuration_error, definition_error) where the call cannot be made."""
    shown = f"{system.name}, {call.method.upper()} {call.path[:200]}"
    callback = _create_callback(call, shown) if call.callback else None
    masks = SecretMasker((*credentials.masked_values, *system.secret_headers), callback)
    content, media_type = _encode_body(_insert_callback(callback, call.body), call.format, shown)
    accept = call.accept or call.format
    headers = {"User-Agent": "ordo", "Accept": _ACCEPT_TYPES[accept], "Accept-Encoding": "identity"}
    if media_type:
        headers["Content-Type"] = media_type
    headers = _merge_headers(
        headers, _check_headers(system.headers, shown), _check_headers(_insert_callback(callback, call.headers), shown)
    )
    headers = _merge_headers(
        headers,
        _check_headers(credentials.headers, shown),
        {"Idempotency-Key": quote(call.idempotency_key, safe=_KEY_SAFE_CHARS)},
    )
    url = build_url(system.base, _insert_callback(callback, call.path), _insert_callback(callback, call.query), shown)
    return HttpRequest(call.method.upper(), url, headers, content, masks, shown)


def build_probe_request(system: ResolvedSystem, credentials: Credentials) -> HttpRequest:
    """The request that finds out whether the system answers at all. Raises Failure (definition_error)."""
    shown = f"{system.name}, GET {system.system.probe or system.base.prefix or '/'}"
    usual = {"User-Agent": "ordo", "Accept": "*/*", "Accept-Encoding": "identity"}
    headers = _merge_headers(usual, _check_headers(system.headers, shown), _check_headers(credentials.headers, shown))
    url = build_url(system.base, system.system.probe or "", {}, shown)
    return HttpRequest(
        "GET", url, headers, None, SecretMasker((*credentials.masked_values, *system.secret_headers)), shown
    )


def _create_callback(call: SystemCall, label: str) -> CallbackTarget:
    try:
        secret, gateway = callback_settings()
        id_ = make_callback_id(secret, call.order_id, call.step_id, call.idempotency_key)
    except ValueError as error:
        raise configuration_error(f"{label}: {error}") from None
    return CallbackTarget(f"{gateway}/callbacks/{id_}", id_)


def _insert_callback(callback: CallbackTarget | None, value: Any) -> Any:
    """`value` with the real callback in the place of the placeholders."""
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
    write, media_type = _ENCODERS[format_]
    try:
        return write(body).encode(), media_type
    except ValueError as error:
        raise definition_error(f"{label}: the body cannot be sent as {format_}: {error}") from None


def _merge_headers(*layers: Mapping[str, str]) -> dict[str, str]:
    """Headers of later layers replace those of earlier ones, whatever their case."""
    headers: dict[str, tuple[str, str]] = {}
    for layer in layers:
        for name, value in layer.items():
            headers[name.lower()] = (name, value)
    return dict(headers.values())


def _check_headers(headers: Mapping[str, str], label: str) -> Mapping[str, str]:
    for name, value in headers.items():
        if name.lower() in _RESERVED_HEADERS:
            raise definition_error(f"{label}: the header {name} is set by the exchange itself")
        if not _HEADER_NAME.fullmatch(name):
            raise definition_error(f"{label}: `{name[:100]}` is no name of a header")
        if not (value.isprintable() and value.isascii()):
            raise definition_error(f"{label}: the value of header {name} has characters that no header can carry")
    return headers

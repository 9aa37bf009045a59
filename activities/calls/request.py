"""The request of a call: everything that is sent, the secrets and the callback's address put in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from activities.attempts.failure import configuration_error, definition_error
from activities.calls.form_encoding import form_of
from activities.calls.secret_masking import Callback, Masks
from activities.calls.xml_encoding import xml_of
from activities.systems.addresses import address
from activities.systems.credentials import Credentials
from activities.systems.environment import callback_settings
from activities.systems.reachable_system import ReachableSystem
from activity_contract.callback_id import make_callback_id
from activity_contract.calls import CALLBACK_ID, CALLBACK_URL, SystemCall
from compiler.cel.evaluation import as_text
from compiler.language.steps import Format

_MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml, text/xml",
}
"""What is accepted."""
_WRITTEN: dict[Format, tuple[Callable[[Any], str], str]] = {
    "json": (lambda body: json.dumps(body, ensure_ascii=False, separators=(",", ":")), "application/json"),
    "text": (as_text, "text/plain; charset=utf-8"),
    "form": (form_of, "application/x-www-form-urlencoded"),
    "xml": (xml_of, "application/xml; charset=utf-8"),
}
"""How a body is written, and as what it is sent."""
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect", "upgrade"})
"""Headers that belong to the exchange itself."""
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_KEY_KEPT = "/:@#%~!$&'()*+,;=|"
"""What an idempotency key is made of goes out as it is; what no header can carry is percent-encoded."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    masks: Masks
    shown: str
    """`Inventory Management, POST /reservations`: the call in words, nothing secret in it."""


def request_of(call: SystemCall, system: ReachableSystem, credentials: Credentials) -> Request:
    """Raises Failure (configuration_error, definition_error) where the call cannot be made."""
    shown = f"{system.name}, {call.method.upper()} {call.path[:200]}"
    callback = _callback(call, shown) if call.callback else None
    masks = Masks((*credentials.secrets, *system.hidden), callback)
    content, media_type = _content(_with(callback, call.body), call.format, shown)
    accept = call.accept or call.format
    headers = {"User-Agent": "ordo", "Accept": _MEDIA_TYPES[accept], "Accept-Encoding": "identity"}
    if media_type:
        headers["Content-Type"] = media_type
    headers = _over(headers, _checked(system.headers, shown), _checked(_with(callback, call.headers), shown))
    headers = _over(
        headers, _checked(credentials.headers, shown), {"Idempotency-Key": quote(call.idempotency_key, safe=_KEY_KEPT)}
    )
    url = address(system.base, _with(callback, call.path), _with(callback, call.query), shown)
    return Request(call.method.upper(), url, headers, content, masks, shown)


def probe_of(system: ReachableSystem, credentials: Credentials) -> Request:
    """The request that finds out whether the system answers at all. Raises Failure (definition_error)."""
    shown = f"{system.name}, GET {system.system.probe or system.base.prefix or '/'}"
    usual = {"User-Agent": "ordo", "Accept": "*/*", "Accept-Encoding": "identity"}
    headers = _over(usual, _checked(system.headers, shown), _checked(credentials.headers, shown))
    url = address(system.base, system.system.probe or "", {}, shown)
    return Request("GET", url, headers, None, Masks((*credentials.secrets, *system.hidden)), shown)


def _callback(call: SystemCall, shown: str) -> Callback:
    try:
        secret, gateway = callback_settings()
        id_ = make_callback_id(secret, call.order_id, call.step_id, call.idempotency_key)
    except ValueError as error:
        raise configuration_error(f"{shown}: {error}") from None
    return Callback(f"{gateway}/callbacks/{id_}", id_)


def _with(callback: Callback | None, value: Any) -> Any:
    """`value` with the real callback in the place of the placeholders."""
    if callback is None:
        return value
    if isinstance(value, str):
        return value.replace(CALLBACK_URL, callback.url).replace(CALLBACK_ID, callback.id)
    if isinstance(value, dict):
        return {_with(callback, key): _with(callback, item) for key, item in value.items()}
    return [_with(callback, item) for item in value] if isinstance(value, list) else value


def _content(body: Any, format_: Format, shown: str) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    write, media_type = _WRITTEN[format_]
    try:
        return write(body).encode(), media_type
    except ValueError as error:
        raise definition_error(f"{shown}: the body cannot be sent as {format_}: {error}") from None


def _over(*layers: Mapping[str, str]) -> dict[str, str]:
    """Headers of later layers replace those of earlier ones, whatever their case."""
    headers: dict[str, tuple[str, str]] = {}
    for layer in layers:
        for name, value in layer.items():
            headers[name.lower()] = (name, value)
    return dict(headers.values())


def _checked(headers: Mapping[str, str], shown: str) -> Mapping[str, str]:
    for name, value in headers.items():
        if name.lower() in _OURS:
            raise definition_error(f"{shown}: the header {name} is set by the exchange itself")
        if not _TOKEN.fullmatch(name):
            raise definition_error(f"{shown}: `{name[:100]}` is no name of a header")
        if not (value.isprintable() and value.isascii()):
            raise definition_error(f"{shown}: the value of header {name} has characters that no header can carry")
    return headers

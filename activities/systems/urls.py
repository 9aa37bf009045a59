"""Addresses: where a call goes. Nothing that an order or an answer holds can lead it out of the system's base_url."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

from activities.attempts.failure import definition_error
from compiler.values import as_text

_SAFE_CHARS = "/%:@!$&'()*+,;=~-._"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BaseUrl(NamedTuple):
    """A system's base_url, taken apart."""

    origin: str
    """`https://host:port`, as the address has it."""
    prefix: str
    """Without a slash at its end; empty where the address has no path."""

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]


def parse_base_url(url: str) -> BaseUrl:
    """Raises ValueError, in words, for what is no address to call a system at."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("its host or port is malformed") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must begin with http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user or password; those belong under `auth`, kept as secrets")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("it holds a query or fragment; a base_url ends with its path")
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        raise ValueError("it holds characters that no address has")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return BaseUrl(f"{parts.scheme}://{host}" + (f":{port}" if port is not None else ""), parts.path.rstrip("/"))


def build_url(base: BaseUrl, path: str, query: dict[str, Any], label: str) -> str:
    """The URL of `path` below the base. `shown` is the call in words, for the message.

    Raises Failure (definition_error) where the path could lead elsewhere, or nowhere.
    """
    if problem := _path_problem(path):
        raise definition_error(f"{label}: the path `{path[:200]}` {problem}")
    encoded = quote(_LONE_PERCENT.sub("%25", path), safe=_SAFE_CHARS)
    url = f"{base.origin}{base.prefix}/{encoded.removeprefix('/')}" if encoded.strip("/") else _root_url(base, path)
    return f"{url}?{_encode_query(query)}" if query else url


def _root_url(base: BaseUrl, path: str) -> str:
    return f"{base.origin}{base.prefix}{path or ('' if base.prefix else '/')}"


def _path_problem(path: str) -> str | None:
    """Why the path is refused, or None."""
    if "?" in path or "#" in path:
        return "holds `?` or `#`: parameters go under `query`, and values must be encoded"
    decoded = path
    while True:
        if "\\" in decoded or not decoded.isprintable():
            return "holds a backslash or a control character"
        segments = decoded.removeprefix("/").split("/")
        if any(segment.split(";")[0].strip() in (".", "..") for segment in segments):
            return "could leave the system's base_url: it holds `.` or `..`"
        if decoded is path and "" in segments[:-1]:
            return "holds an empty part: a value in it is empty, or it begins with `//`"
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", decoded):
            return "is an address of its own: paths are relative to the system's base_url"
        if (inner := unquote(decoded)) == decoded:
            return None
        decoded = inner  # a proxy and a framework may each take a layer of encoding off


def _encode_query(query: dict[str, Any]) -> str:
    """Lists repeat their name, null leaves it out."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, as_text(item)) for item in values if item is not None]
    return urlencode(pairs)


def redirect_target(base: BaseUrl, request_url: str, location: str) -> str | None:
    """Where an answer sends the caller on to, or None where that is outside the base_url, or no address."""
    try:
        target = urljoin(request_url, location)
        parts = urlsplit(target)
        there = parse_base_url(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        return None
    within = parts.path == base.prefix or parts.path.startswith(f"{base.prefix}/")
    if there.origin.lower() != base.origin.lower() or not within or _path_problem(parts.path):
        return None
    return target.partition("#")[0]

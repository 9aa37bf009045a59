"""URLs of calls. No value of an order or a response can lead a call out of the system's base_url."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

from activities.attempts.failure import definition_error
from compiler.values import as_text

_SAFE_CHARS = "/%:@!$&'()*+,;=~-._"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class BaseUrl(NamedTuple):
    """A base_url, split."""

    origin: str
    """`https://host:port`"""
    prefix: str
    """The path without a trailing slash; empty if there is none."""

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]


def parse_base_url(url: str) -> BaseUrl:
    """Raises ValueError, with the reason, for a URL that cannot be a base_url."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("its host or port is malformed") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must begin with http:// or https:// and a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user or password; put them under `auth`, as secrets")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("it holds a query or fragment; a base_url ends with its path")
    if not (url.isascii() and url.isprintable()) or " " in url or "\\" in url:
        raise ValueError("it holds characters that no URL can have")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return BaseUrl(f"{parts.scheme}://{host}" + (f":{port}" if port is not None else ""), parts.path.rstrip("/"))


def build_url(base: BaseUrl, path: str, query: dict[str, Any], label: str) -> str:
    """The URL of `path` below the base. `label` names the call in messages.

    Raises AttemptFailure (definition_error) if the path could lead out of the base, or is malformed.
    """
    if problem := _path_problem(path):
        raise definition_error(f"{label}: the path `{path[:200]}` {problem}")
    encoded = quote(_LONE_PERCENT.sub("%25", path), safe=_SAFE_CHARS)
    if encoded.strip("/"):
        url = f"{base.origin}{base.prefix}/{encoded.removeprefix('/')}"
    else:
        url = f"{base.origin}{base.prefix}{path or ('' if base.prefix else '/')}"
    return f"{url}?{_encode_query(query)}" if query else url


def _path_problem(path: str) -> str | None:
    """Why the path is refused; None if it is fine."""
    if "?" in path or "#" in path:
        return "holds `?` or `#`: put parameters under `query`, and encode values"
    decoded = path
    while True:
        if "\\" in decoded or not decoded.isprintable():
            return "holds a backslash or a control character"
        segments = decoded.removeprefix("/").split("/")
        if any(segment.split(";")[0].strip() in (".", "..") for segment in segments):
            return "could leave the system's base_url: it holds `.` or `..`"
        if decoded is path and "" in segments[:-1]:
            return "has an empty segment: a value in it is empty, or it begins with `//`"
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", decoded):
            return "is an absolute URL: paths are relative to the system's base_url"
        if (inner := unquote(decoded)) == decoded:
            return None
        decoded = inner  # a proxy and a framework may each remove one layer of encoding


def _encode_query(query: dict[str, Any]) -> str:
    """A list repeats its name; null omits the parameter."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, as_text(item)) for item in values if item is not None]
    return urlencode(pairs)


def redirect_target(base: BaseUrl, request_url: str, location: str) -> str | None:
    """The URL that a redirect leads to; None if it is invalid, or outside the base_url."""
    try:
        target = urljoin(request_url, location)
        parts = urlsplit(target)
        origin = parse_base_url(f"{parts.scheme}://{parts.netloc}").origin
    except ValueError:
        return None
    within = parts.path == base.prefix or parts.path.startswith(f"{base.prefix}/")
    if origin.lower() != base.origin.lower() or not within or _path_problem(parts.path):
        return None
    return target.partition("#")[0]

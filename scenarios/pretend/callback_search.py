"""Finds the callback URL in a request: the definition of the call decides where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from activity_contract.calls import CALLBACK_ID, CALLBACK_URL
from scenarios.pretend.messages import PretendRequest

_URL = re.compile(
    rf"https?://[^\s\"'<>]+/callbacks/[A-Za-z0-9_.~%-]+|{re.escape(CALLBACK_URL)}|{re.escape(CALLBACK_ID)}"
)
"""The gateway's URL of a callback, or what stands for it before an activity inserts it."""


def find_callback(request: PretendRequest) -> str | None:
    """The first callback URL in the body, the headers, the query or the path."""
    for text in _texts([request.body, dict(request.headers), dict(request.query), unquote(request.path)]):
        if found := _URL.search(text):
            return found[0]
    return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)

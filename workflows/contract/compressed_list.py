"""Lists that are compressed in transit: their items resemble each other, and a payload of over 2 MB fails."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter


def compress_items(adapter: TypeAdapter[Any], items: Sequence[Any]) -> str:
    return b64encode(zlib.compress(adapter.dump_json(items), 1)).decode()


def decompress_items(adapter: TypeAdapter[Any], items: object) -> object:
    """What validation continues with. Items that are not compressed stay as they are."""
    return adapter.validate_json(zlib.decompress(b64decode(items))) if isinstance(items, str) else items

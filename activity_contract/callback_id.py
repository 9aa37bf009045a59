"""Callback ids: with one, a system can complete exactly one step of one order.

An id is its claim, encrypted and authenticated with the secret (deterministic, as in the SIV construction of RFC 5297,
with HMAC-SHA256 for both halves). Without the secret, nobody can create an id or read which order it belongs to. The
same claim always gives the same id, so a repeated call sends the same body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import NamedTuple

MAX_LENGTH = 4096
"""Characters of an id. A claim that needs more is refused when the id is created."""

_TAG_BYTES = 32


class CallbackClaim(NamedTuple):
    order_id: str
    step_id: str
    key: str
    """The idempotency key of the call."""


def make_callback_id(secret: bytes, order_id: str, step_id: str, key: str) -> str:
    """The id: letters, digits, `-` and `_`. Raises ValueError if the secret is empty or the id is too long."""
    claim = json.dumps([order_id, step_id, _compact_key(order_id, step_id, key)], separators=(",", ":"))
    plain = claim.encode("ascii")
    tag = _tag(secret, plain)
    text = base64.urlsafe_b64encode(tag + _xor_keystream(secret, tag, plain)).rstrip(b"=").decode("ascii")
    if len(text) > MAX_LENGTH:
        raise ValueError(
            f"a callback id for this order and step needs {len(text)} characters; {MAX_LENGTH} are allowed"
        )
    return text


def read_callback_id(secret: bytes, text: str) -> CallbackClaim | None:
    """The claim of an id; None if it was not created with this secret. Raises ValueError if the secret is empty."""
    sealed = _decode(text)
    if sealed is None:
        return None
    tag, plain = sealed[:_TAG_BYTES], _xor_keystream(secret, sealed[:_TAG_BYTES], sealed[_TAG_BYTES:])
    if not hmac.compare_digest(tag, _tag(secret, plain)):
        return None
    order_id, step_id, key = json.loads(plain)
    return CallbackClaim(order_id, step_id, f"{order_id}/{step_id}{key[1:]}" if key.startswith("=") else key[1:])


def _compact_key(order_id: str, step_id: str, key: str) -> str:
    """`=` replaces order and step, with which keys usually start; any other key is kept whole after `!`."""
    prefix = f"{order_id}/{step_id}"
    return f"={key.removeprefix(prefix)}" if key.startswith(prefix) else f"!{key}"


def _decode(text: str) -> bytes | None:
    """None unless `text` is spelled exactly as make_callback_id does, so that each id has only one spelling."""
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    canonical = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
    return sealed if len(sealed) > _TAG_BYTES and canonical == text else None


def _derive_key(secret: bytes, purpose: bytes) -> bytes:
    if not secret:
        raise ValueError("callback ids need a secret: set ORDO_CALLBACK_SECRET, the same for worker and gateway")
    return hmac.digest(secret, b"ordo callback id, " + purpose, hashlib.sha256)


def _tag(secret: bytes, plain: bytes) -> bytes:
    return hmac.digest(_derive_key(secret, b"tag"), plain, hashlib.sha256)


def _xor_keystream(secret: bytes, tag: bytes, data: bytes) -> bytes:
    """`data` xor a key stream; applied twice, it returns `data`."""
    key = _derive_key(secret, b"stream")
    blocks = range(-(-len(data) // _TAG_BYTES))
    stream = b"".join(hmac.digest(key, tag + block.to_bytes(4, "big"), hashlib.sha256) for block in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))

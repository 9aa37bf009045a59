"""Callback ids: capabilities that a system is handed to complete exactly one step of one order.

An id carries its claim sealed with the secret (deterministic authenticated encryption after the SIV construction of
RFC 5297, with HMAC-SHA256 for both halves): without the secret nobody can make one, nor read which order it belongs to.
The same claim always gives the same id, so that a call that is repeated sends the same body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import NamedTuple

MAX_LENGTH = 4096
"""Characters of an id. Longer text is none of ours; a claim that would need more is refused when the id is made."""

_TAG_BYTES = 32


class CallbackClaim(NamedTuple):
    order_id: str
    step_id: str
    key: str
    """The idempotency key that the call was made with."""


def make_callback_id(secret: bytes, order_id: str, step_id: str, key: str) -> str:
    """The id for a call: letters, digits, `-` and `_`. Raises ValueError without a secret, or if it got too long."""
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
    """What the id claims; None for any text that was not made with this secret. Raises ValueError without a secret."""
    sealed = _decode(text)
    if sealed is None:
        return None
    tag, plain = sealed[:_TAG_BYTES], _xor_keystream(secret, sealed[:_TAG_BYTES], sealed[_TAG_BYTES:])
    if not hmac.compare_digest(tag, _tag(secret, plain)):
        return None
    order_id, step_id, key = json.loads(plain)
    return CallbackClaim(order_id, step_id, f"{order_id}/{step_id}{key[1:]}" if key.startswith("=") else key[1:])


def _compact_key(order_id: str, step_id: str, key: str) -> str:
    """Keys repeat order and step in front (`=` stands for them); any other key is carried whole (after `!`)."""
    usual = f"{order_id}/{step_id}"
    return f"={key.removeprefix(usual)}" if key.startswith(usual) else f"!{key}"


def _decode(text: str) -> bytes | None:
    """Only the spelling that `make_callback_id` uses: no other text stands for the same id."""
    if len(text) > MAX_LENGTH or not text.isascii():
        return None
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    spelled = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")
    return sealed if len(sealed) > _TAG_BYTES and spelled == text else None


def _derive_key(secret: bytes, purpose: bytes) -> bytes:
    if not secret:
        raise ValueError("callback ids need a secret: set ORDO_CALLBACK_SECRET, the same for worker and gateway")
    return hmac.digest(secret, b"ordo callback id, " + purpose, hashlib.sha256)


def _tag(secret: bytes, plain: bytes) -> bytes:
    return hmac.digest(_derive_key(secret, b"tag"), plain, hashlib.sha256)


def _xor_keystream(secret: bytes, tag: bytes, data: bytes) -> bytes:
    """`data` xor a stream that only the secret gives; done twice it gives `data` back."""
    key = _derive_key(secret, b"stream")
    blocks = range(-(-len(data) // _TAG_BYTES))
    stream = b"".join(hmac.digest(key, tag + block.to_bytes(4, "big"), hashlib.sha256) for block in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))

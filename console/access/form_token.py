"""The token that forms carry: another site cannot know it, so it cannot send a form in a person's name.

It differs at each page, though it proves the same: what is compressed beside text that an attacker chooses could be
guessed bit by bit (BREACH) if it stayed the same.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

from console.access.sessions import Session

FIELD = "csrf"
HEADER = "X-CSRF-Token"
_LENGTH = 32
_PURPOSE = "forms"


def make_form_token(session: Session) -> str:
    mask = secrets.token_bytes(_LENGTH)
    return base64.urlsafe_b64encode(mask + _xor(mask, session.derive_key(_PURPOSE))).decode()


def is_form_token(session: Session, text: str) -> bool:
    """Compares in constant time."""
    try:
        data = base64.urlsafe_b64decode(text.encode())
    except (ValueError, binascii.Error):
        return False
    if len(data) != 2 * _LENGTH:
        return False
    return hmac.compare_digest(_xor(data[:_LENGTH], data[_LENGTH:]), session.derive_key(_PURPOSE))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))

"""What a page tells once, after a form was sent: in a cookie that the session's key signs."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass

from console.access.sessions import Session

MAX_TEXT = 1500
"""Characters. A browser keeps 4 kB of a cookie."""
SECONDS = 60
_PURPOSE = "notices"


@dataclass(frozen=True, slots=True)
class Notice:
    text: str
    is_problem: bool = False


def seal_notice(session: Session, notice: Notice) -> str:
    text = notice.text if len(notice.text) <= MAX_TEXT else notice.text[: MAX_TEXT - 1] + "…"
    while len(text.encode()) > 2 * MAX_TEXT:
        text = text[: len(text) // 2] + "…"
    data = json.dumps([text, notice.is_problem], ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_signature(session, data) + data).decode()


def open_notice(session: Session, sealed: str) -> Notice | None:
    """None if this session did not write it."""
    try:
        data = base64.urlsafe_b64decode(sealed.encode())
    except (ValueError, binascii.Error):
        return None
    signature, content = data[:32], data[32:]
    if not hmac.compare_digest(signature, _signature(session, content)):
        return None
    text, is_problem = json.loads(content)
    return Notice(text, is_problem)


def _signature(session: Session, data: bytes) -> bytes:
    return hmac.digest(session.derive_key(_PURPOSE), data, "sha256")

"""Customer care's inbox: receives notifications of orders, keeps each once, and lists them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time

from fastapi import APIRouter, Request, Response

from sandbox.dependencies import SettingsDep, StoreDep
from sandbox.store import Row, timestamp

router = APIRouter(prefix="/_notifications", tags=["sandbox"])

SECRET_NAME = "CUSTOMER_CARE_SECRET"
MAX_SIGNATURE_AGE = 300
"""Seconds. An older signature is refused."""


@router.post("", status_code=204)
async def receive(request: Request, store: StoreDep, settings: SettingsDep) -> Response:
    """Receives a CloudEvent, signed as in Standard Webhooks. A repeated id changes nothing."""
    body = await request.body()
    if not _has_valid_signature(request, body, settings.secret(SECRET_NAME)):
        return Response(status_code=401)
    event = json.loads(body)
    async with store.transaction():
        store.execute(
            "insert or ignore into notifications (id, type, subject, body, at) values (?, ?, ?, ?, ?)",
            event["id"], event["type"], event.get("subject", ""), body.decode(), timestamp(),
        )  # fmt: skip
    return Response(status_code=204)


@router.get("")
async def list_received(store: StoreDep, order_id: str | None = None) -> list[Row]:
    """The notifications of one order, or of all, in the order in which they were received."""
    rows = store.fetch_all("select body from notifications order by sequence")
    events = [json.loads(row["body"]) for row in rows]
    return [event for event in events if order_id is None or event["data"].get("order_id") == order_id]


def _has_valid_signature(request: Request, body: bytes, secret: str) -> bool:
    try:
        key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
        sent_at = int(request.headers.get("webhook-timestamp", "0"))
    except (ValueError, binascii.Error):
        return False
    content = f"{request.headers.get('webhook-id', '')}.{sent_at}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    given = request.headers.get("webhook-signature", "").split()
    return abs(time.time() - sent_at) < MAX_SIGNATURE_AGE and any(hmac.compare_digest(expected, one) for one in given)

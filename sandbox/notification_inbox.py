"""Customer care's letter box: takes what is told of orders, once each, and shows it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from sandbox.settings import Settings
from sandbox.store import Row, Store, timestamp

router = APIRouter(prefix="/_notifications", tags=["sandbox"])

SECRET_NAME = "CUSTOMER_CARE_SECRET"
MAX_SIGNATURE_AGE = 300
"""Seconds; what was signed before that is not taken."""


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


StoreDep = Annotated[Store, Depends(_store)]


@router.post("", status_code=204)
async def receive(request: Request, store: StoreDep) -> Response:
    """A CloudEvent, signed as Standard Webhooks has it. The same id again changes nothing."""
    settings: Settings = request.app.state.settings
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
    """What came, in the order in which it came; of one order, or of all."""
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

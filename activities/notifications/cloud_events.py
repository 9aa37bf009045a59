"""The body and headers of a notification: CloudEvents 1.0 in structured JSON, signed as in Standard Webhooks.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md · https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from activity_contract.notifications import NotificationEvent, NotificationOrder
from compiler.language.event_types import EVENT_TYPE_PREFIX

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
DEFAULT_SOURCE = "/ordo"


def to_cloud_event(
    order: NotificationOrder, event: NotificationEvent, source: str, *, include_customer: bool = False
) -> dict[str, Any]:
    """`include_customer`: with the customer's data, not only the id."""
    data: dict[str, Any] = {"order_id": order.id, "customer_id": order.customer.get("id")}
    if include_customer:
        data["customer"] = order.customer
    if order.revision > 1:
        data["revision"] = order.revision
    part = event.data.get("step") or event.data.get("line")
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": f"{EVENT_TYPE_PREFIX}{event.type}",
        "subject": f"{order.id}/{part}" if part else order.id,
        "time": datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": f"{event.number:010d}",
        "data": {**data, **event.data},
    }


def encode_event(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def signature_headers(body: bytes, event_id: str, timestamp: int, secret: str | None) -> dict[str, str]:
    """The `webhook-…` headers. `timestamp`: when this attempt is sent, in seconds since 1970."""
    headers = {"webhook-id": event_id, "webhook-timestamp": str(timestamp)}
    if secret is not None:
        content = f"{event_id}.{timestamp}.".encode() + body
        digest = hmac.new(decode_signing_key(secret), content, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def decode_signing_key(secret: str) -> bytes:
    """`whsec_` followed by base64 (Standard Webhooks), or any other text as it is."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()

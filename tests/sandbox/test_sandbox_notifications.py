"""Customer care's inbox in the sandbox: accepts only signed events, and keeps each once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

EVENT = {"id": "HS-1/1", "type": "ordo.order.accepted", "subject": "HS-1", "data": {"order_id": "HS-1"}}


def _told(sandbox: Any, event: dict[str, Any], *, secret: str = "sandbox", at: int | None = None) -> int:
    body, sent_at = json.dumps(event), at or int(time.time())
    content = f"{event['id']}.{sent_at}.{body}".encode()
    signature = base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()
    headers = {
        "webhook-id": event["id"],
        "webhook-timestamp": str(sent_at),
        "webhook-signature": f"v1,{signature}",
    }
    status: int = sandbox.http.post("/_notifications", content=body, headers=headers).status_code
    return status


def test_notification_is_kept_once_and_listed_by_order(sandbox: Any) -> None:
    other = EVENT | {"id": "HS-2/1", "data": {"order_id": "HS-2"}}
    assert [_told(sandbox, each) for each in (EVENT, EVENT, other)] == [204, 204, 204]
    assert sandbox.http.get("/_notifications", params={"order_id": "HS-1"}).json() == [EVENT]
    assert len(sandbox.http.get("/_notifications").json()) == 2


def test_wrong_or_old_signature_is_refused(sandbox: Any) -> None:
    assert _told(sandbox, EVENT, secret="guessed") == 401
    assert _told(sandbox, EVENT, at=int(time.time()) - 3_600) == 401
    assert sandbox.http.post("/_notifications", json=EVENT).status_code == 401
    assert sandbox.http.get("/_notifications").json() == []

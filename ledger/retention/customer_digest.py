"""What a record of an erasure knows of the customer: a digest that only who has the key can compare."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, select

from ledger.schema.tables import watermarks
from ledger.settings import LedgerUnusable
from ledger.writing.statements import add

DIGEST_KEY = "ORDO_LEDGER_DIGEST_KEY"
_GENERATED_KEY = "digest_key"


def customer_digest(connection: Connection, customer_id: str, environment: Mapping[str, str] = os.environ) -> str:
    """`hmac-sha256:…`, with the key of the setting, else with one that the ledger makes for itself. Raises
    LedgerUnusable if the setting names a file that cannot be read."""
    key = _configured_key(environment) or _generated_key(connection)
    return "hmac-sha256:" + hmac.new(key.encode(), customer_id.encode(), hashlib.sha256).hexdigest()


def _configured_key(environment: Mapping[str, str]) -> str | None:
    if value := environment.get(DIGEST_KEY, "").strip():
        return value
    path = environment.get(f"{DIGEST_KEY}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        raise LedgerUnusable(f"{DIGEST_KEY}_FILE names {path}, which cannot be read") from None


def _generated_key(connection: Connection) -> str:
    add(connection, watermarks, [{"name": _GENERATED_KEY, "value": secrets.token_hex(32)}])
    return str(connection.execute(select(watermarks.c.value).where(watermarks.c.name == _GENERATED_KEY)).scalar_one())

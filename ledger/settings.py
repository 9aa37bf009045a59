"""Where the ledger is, from the environment of the process. Nothing here needs a database library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

LEDGER_URL = "ORDO_LEDGER_URL"
URL_EXAMPLES = "`sqlite:///path/of/file` or `postgresql://user:password@host/database`"


class LedgerUnusable(Exception):
    """The ledger cannot be used. The message says why and what to do; it holds no password."""


def read_ledger_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """The variable ORDO_LEDGER_URL, or the content of the file that ORDO_LEDGER_URL_FILE names. None: no ledger.

    Raises LedgerUnusable if the file cannot be read.
    """
    if value := environment.get(LEDGER_URL, "").strip():
        return value
    path = environment.get(f"{LEDGER_URL}_FILE")
    if not path:
        return None
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise LedgerUnusable(f"{LEDGER_URL}_FILE names {path}, which cannot be read: {reason}") from None
    if not value:
        raise LedgerUnusable(f"{LEDGER_URL}_FILE names {path}, which is empty. It holds {URL_EXAMPLES}")
    return value

"""What a database says is wrong, in words that hold no data of orders and no password."""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError

_QUOTED_VALUE = re.compile(r': "[^"]*"?$')


def database_error_reason(error: DBAPIError) -> str:
    """The first line of the driver's message, without the SQL, its parameters, and the values that PostgreSQL adds."""
    original = error.orig
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    text = primary or str(original)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _QUOTED_VALUE.sub("", lines[0])[:300] if lines else type(original).__name__

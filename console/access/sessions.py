"""Sessions of the console, in a file of SQLite or in memory.

The browser has a random key of 256 bits, the file only its SHA-256: who reads the file, or a backup of it, can use no
session. A session is looked up at each request, so that it ends at once when a person signs out, or when its account or
token ends. A signed cookie without a store could not be ended before it expires.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEY_BYTES = 32
SEEN_INTERVAL = timedelta(minutes=1)
"""How exactly the last use of a session is kept: not every request writes."""
_SCHEMA = """\
CREATE TABLE IF NOT EXISTS sessions (
    key_hash BLOB PRIMARY KEY,
    account TEXT NOT NULL,
    token_id TEXT,
    groups TEXT NOT NULL,
    began REAL NOT NULL,
    seen REAL NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Session:
    key: str = field(repr=False)
    """As in the browser's cookie."""
    account: str
    token_id: str | None
    """The token that it began with. None: an identity provider has signed the person in."""
    groups: frozenset[str]
    """That the identity provider named."""
    began: datetime

    def derive_key(self, purpose: str) -> bytes:
        """A secret of this session for another purpose, which does not tell the session's key."""
        return hmac.digest(self.key.encode(), purpose.encode(), "sha256")


class SessionStore:
    """Calls take microseconds, and are made in the event loop."""

    def __init__(
        self,
        path: Path | None,
        idle_limit: timedelta,
        session_limit: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`path` None: sessions end with the process. Raises sqlite3.Error and OSError if the file cannot be used."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        self._database = sqlite3.connect(str(path or ":memory:"), timeout=2.0, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(_SCHEMA)
        self._idle_limit = idle_limit
        self._session_limit = session_limit
        self._clock = clock

    def begin(self, account: str, token_id: str | None, groups: frozenset[str] = frozenset()) -> Session:
        """Also deletes the sessions that are over."""
        key, now = secrets.token_urlsafe(KEY_BYTES), self._clock()
        self._delete_old(now)
        row = (_hash(key), account, token_id, json.dumps(sorted(groups)), now.timestamp(), now.timestamp())
        self._database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
        return Session(key, account, token_id, groups, now)

    def find(self, key: str, *, is_use: bool = True) -> Session | None:
        """None if there is none, or it is over. `is_use`: the session is idle only from now on."""
        query = "SELECT account, token_id, groups, began, seen FROM sessions WHERE key_hash = ?"
        row = self._database.execute(query, (_hash(key),)).fetchone()
        if row is None:
            return None
        account, token_id, groups, began, seen = row
        now = self._clock().timestamp()
        if now - seen >= self._idle_limit.total_seconds() or now - began >= self._session_limit.total_seconds():
            self.end(key)
            return None
        if is_use and now - seen >= SEEN_INTERVAL.total_seconds():
            with suppress(sqlite3.OperationalError):  # a full disk signs nobody out before the idle limit
                self._database.execute("UPDATE sessions SET seen = ? WHERE key_hash = ?", (now, _hash(key)))
        return Session(key, account, token_id, frozenset(json.loads(groups)), datetime.fromtimestamp(began, UTC))

    def end(self, key: str) -> None:
        self._database.execute("DELETE FROM sessions WHERE key_hash = ?", (_hash(key),))

    def count(self) -> int:
        """Of those in the file, also of those that are over and not deleted yet."""
        (number,) = self._database.execute("SELECT count(*) FROM sessions").fetchone()
        return int(number)

    def close(self) -> None:
        self._database.close()

    def _delete_old(self, now: datetime) -> None:
        oldest_seen = (now - self._idle_limit).timestamp()
        oldest_began = (now - self._session_limit).timestamp()
        self._database.execute("DELETE FROM sessions WHERE seen <= ? OR began <= ?", (oldest_seen, oldest_began))


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()

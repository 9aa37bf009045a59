"""Sign-ins that are under way: the browser is at the identity provider, and will come back.

They are kept in memory, by a random key in a cookie: state, nonce and PKCE verifier never leave the console.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SECONDS = 600
MAX_PENDING = 1_000
"""Older ones are forgotten: whoever begins many ends those of others, and takes no memory."""


@dataclass(slots=True)
class PendingSignIn:
    wanted: str
    """The path to go to afterwards."""
    ends: float
    state: dict[str, Any] = field(default_factory=dict)
    """What Authlib keeps until the browser is back."""


class PendingSignIns:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pending: OrderedDict[str, PendingSignIn] = OrderedDict()

    def begin(self, wanted: str) -> tuple[str, PendingSignIn]:
        """The key for the browser's cookie."""
        key, pending = secrets.token_urlsafe(32), PendingSignIn(wanted, self._clock() + SECONDS)
        self._pending[key] = pending
        if len(self._pending) > MAX_PENDING:
            self._pending.popitem(last=False)
        return key, pending

    def take(self, key: str) -> PendingSignIn | None:
        """Once only. None if there is none, or it took too long."""
        pending = self._pending.pop(key, None)
        return pending if pending is not None and pending.ends > self._clock() else None

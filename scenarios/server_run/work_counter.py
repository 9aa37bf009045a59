"""How many attempts of activities a slot's worker has at work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class WorkCounter:
    def __init__(self) -> None:
        self.running = 0
        self.changed = asyncio.Event()
        """Set when an attempt has ended."""

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """While an attempt runs."""
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self.changed.set()

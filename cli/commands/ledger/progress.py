"""Says from time to time how far a long command is."""

from __future__ import annotations

from time import monotonic

from cli.framework.session import Session

INTERVAL = 2.0
"""Seconds between two lines."""


class ProgressLine:
    """A line now and then, on standard error."""

    def __init__(self, session: Session) -> None:
        self._console = session.stderr_console
        self._said_at = monotonic()

    def say(self, text: str) -> None:
        if monotonic() - self._said_at < INTERVAL:
            return
        self._said_at = monotonic()
        self._console.print(text, soft_wrap=True)

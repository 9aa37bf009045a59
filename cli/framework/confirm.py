"""Asks for confirmation before something cannot be taken back."""

from __future__ import annotations

import sys

from cli.framework.session import Session


def can_ask(session: Session) -> bool:
    return session.terminal and not session.json and sys.stdin.isatty()


def agreed(session: Session, question: str) -> bool:
    """Asks; anything but yes is no."""
    return session.errors.input(f"{question} [y/N] ").strip().lower() in ("y", "yes")

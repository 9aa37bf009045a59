"""Asks for confirmation before an action that cannot be undone."""

from __future__ import annotations

import sys

from cli.framework.session import Session


def can_prompt(session: Session) -> bool:
    return session.is_terminal and not session.is_json and sys.stdin.isatty()


def confirm(session: Session, question: str) -> bool:
    """Anything but `y` or `yes` means no."""
    return session.stderr_console.input(f"{question} [y/N] ").strip().lower() in ("y", "yes")

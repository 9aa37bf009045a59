"""Filling in a task's form in the terminal, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from cli.framework.session import Session
from cli.user_input.value_parsing import scalar


def filled_in(session: Session, form: Mapping[str, Any]) -> dict[str, Any]:
    """Asks for each field; nothing typed leaves out what may be left out. The order checks the values."""
    data: dict[str, Any] = {}
    for name, declared in form.items():
        typed = _asked(session, name, declared)
        if typed:
            data[name] = typed if declared.get("type") in ("string", "date", "datetime") else scalar(typed)
    return data


def _asked(session: Session, name: str, declared: Mapping[str, Any]) -> str:
    choices = [str(choice) for choice in declared.get("enum") or ()]
    required = bool(declared.get("required"))
    hint = "/".join(choices) or str(declared.get("type", ""))
    hint += "" if required else ", may be left out"
    if declared.get("description"):
        session.remark(Text(str(declared["description"]), style="bright_black"))
    while True:
        typed = session.errors.input(Text.assemble((name, "bold"), (f" ({hint})", "bright_black"), ": ")).strip()
        if (typed or not required) and (not typed or not choices or typed in choices):
            return typed
        session.remark(f"Please type {'one of ' + ', '.join(choices) if choices else 'a value'}.")

"""Asks for the fields of a task's form in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from cli.framework.session import Session
from cli.user_input.value_parsing import parse_scalar


def prompt_form(session: Session, form: Mapping[str, Any]) -> dict[str, Any]:
    """Asks for each field; an optional field may be left empty. The order checks the values."""
    data: dict[str, Any] = {}
    for name, declared in form.items():
        typed = _prompt_field(session, name, declared)
        if typed:
            data[name] = typed if declared.get("type") in ("string", "date", "datetime") else parse_scalar(typed)
    return data


def _prompt_field(session: Session, name: str, field_spec: Mapping[str, Any]) -> str:
    choices = [str(choice) for choice in field_spec.get("enum") or ()]
    required = bool(field_spec.get("required"))
    hint = "/".join(choices) or str(field_spec.get("type", ""))
    hint += "" if required else ", optional"
    if field_spec.get("description"):
        session.print_note(Text(str(field_spec["description"]), style="bright_black"))
    while True:
        typed = session.stderr_console.input(
            Text.assemble((name, "bold"), (f" ({hint})", "bright_black"), ": ")
        ).strip()
        if (typed or not required) and (not typed or not choices or typed in choices):
            return typed
        session.print_note(f"Please type {'one of ' + ', '.join(choices) if choices else 'a value'}.")

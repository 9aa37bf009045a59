"""Asks for the fields of a task's form in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from cli.framework.errors import UsageError
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_scalar

TEXT_TYPES = ("string", "date", "datetime")
BOOLEAN_WORDS = {"y": True, "yes": True, "n": False, "no": False}


def prompt_form(session: Session, form: Mapping[str, Any]) -> dict[str, Any]:
    """Asks for each field until its answer fits; an optional field may be left empty. Raises UsageError at the end of
    the input."""
    data: dict[str, Any] = {}
    try:
        for name, declared in form.items():
            value = _prompt_field(session, name, declared)
            if value is not None:
                data[name] = value
    except EOFError as error:
        raise UsageError("The form was not filled in to its end; nothing was sent") from error
    return data


def _prompt_field(session: Session, name: str, field_spec: Mapping[str, Any]) -> Any:
    """The value, as the order will accept it; None for a field that is left empty."""
    if field_spec.get("description"):
        session.print_note(Text(str(field_spec["description"]), style="bright_black"))
    question = Text.assemble((name, "bold"), (f" ({_hint(field_spec)})", "bright_black"), ": ")
    while True:
        typed = session.stderr_console.input(question).strip()
        if not typed and not _is_needed(field_spec):
            return None
        value = _parse_answer(typed, field_spec)
        problems = _problems(value, field_spec) if typed else ["needs a value"]
        if not problems:
            return value
        session.print_note(f"`{name}` {'; '.join(problems)}. Please type it again.")


def _is_needed(field_spec: Mapping[str, Any]) -> bool:
    return bool(field_spec.get("required")) and field_spec.get("default") is None


def _hint(field_spec: Mapping[str, Any]) -> str:
    """`done/absent`, `integer, optional`, `boolean, default true`."""
    declared_type = str(field_spec.get("type", ""))
    choices = "/".join(str(choice) for choice in field_spec.get("enum") or ())
    hint = choices or ("yes/no" if declared_type == "boolean" else declared_type)
    if field_spec.get("default") is not None:
        return f"{hint}, default {field_spec['default']}"
    return hint if _is_needed(field_spec) else f"{hint}, optional"


def _parse_answer(typed: str, field_spec: Mapping[str, Any]) -> Any:
    if field_spec.get("type") in TEXT_TYPES:
        return typed
    if field_spec.get("type") == "boolean" and typed.lower() in BOOLEAN_WORDS:
        return BOOLEAN_WORDS[typed.lower()]
    return parse_scalar(typed)


def _problems(value: Any, field_spec: Mapping[str, Any]) -> list[str]:
    """What the order would say against the value."""
    from compiler.language.attributes import Attribute, validate_value

    return validate_value(Attribute.model_validate(field_spec), value)[1]

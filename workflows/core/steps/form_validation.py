"""Forms of manual steps: validating what a person enters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compiler.language.attributes import Attribute, validate_value
from compiler.source.findings import did_you_mean


def validate_form(form: Mapping[str, Attribute], data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Returns the values and the problems. The values have the form's types and its defaults. Each problem is one
    sentence."""
    values: dict[str, Any] = {}
    problems = [f"`{name}` is not on the form{did_you_mean(name, form)}" for name in sorted(set(data) - set(form))]
    for name, declared in form.items():
        value = data.get(name)
        if value is None:
            value = declared.default
        if value is None:
            if declared.required:
                problems.append(f"`{name}` is missing")
            continue
        values[name], wrong = validate_value(declared, value)
        problems += [f"`{name}` {text}" for text in wrong]
    return values, problems


def describe_form(form: Mapping[str, Attribute]) -> str:
    """The fields in one line, for messages."""
    return ", ".join(
        f"{name} ({'one of ' + ', '.join(map(str, declared.enum)) if declared.enum else declared.type})"
        + ("" if declared.required else ", optional")
        for name, declared in form.items()
    )

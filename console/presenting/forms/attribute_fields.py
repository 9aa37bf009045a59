"""Fields made from attributes, as a product or the form of a task declares them, and their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.values import as_text
from console.presenting.forms.fields import Choice, Control, FormField, Typed
from console.presenting.forms.moments import moment_text
from console.presenting.forms.yaml_text import NotYaml, read_yaml
from views.shared.value_format import in_words

LONG_TEXT = 120
"""A text that may be longer gets a text area."""
YES, NO = "true", "false"


def parse_declarations(form: Mapping[str, Any] | None) -> dict[str, Attribute]:
    """A task's form as its step shows it."""
    return {name: Attribute.model_validate(declared) for name, declared in (form or {}).items()}


def attribute_fields(attributes: Mapping[str, Attribute], prefix: str = "") -> list[FormField]:
    """One field for each attribute, in their order. `prefix` begins the names of the form's data."""
    return [attribute_field(f"{prefix}{name}", in_words(name), attribute) for name, attribute in attributes.items()]


def attribute_field(field_name: str, label: str, attribute: Attribute) -> FormField:
    control = Control.SELECT if _choices(attribute) else _CONTROLS[attribute.type]
    if attribute.type is AttributeType.STRING and not attribute.enum and (attribute.max_length or 0) > LONG_TEXT:
        control = Control.TEXTAREA
    return FormField(
        field_name,
        label,
        control,
        value=typed_text(attribute, attribute.default),
        help=field_help(attribute),
        is_required=attribute.required and attribute.default is None,
        choices=_choices(attribute),
    )


_CONTROLS: Mapping[AttributeType, Control] = {
    AttributeType.STRING: Control.TEXT,
    AttributeType.INTEGER: Control.NUMBER,
    AttributeType.NUMBER: Control.NUMBER,
    AttributeType.BOOLEAN: Control.SELECT,
    AttributeType.DATE: Control.DATE,
    AttributeType.DATETIME: Control.MOMENT,
    AttributeType.LIST: Control.TEXTAREA,
    AttributeType.OBJECT: Control.CODE,
}


def _choices(attribute: Attribute) -> tuple[Choice, ...]:
    """Empty if anything may be typed."""
    if attribute.enum:
        named = tuple(Choice(as_text(one), in_words(as_text(one))) for one in attribute.enum)
    elif attribute.type is AttributeType.BOOLEAN:
        named = (Choice(YES, "yes"), Choice(NO, "no"))
    else:
        return ()
    return named if attribute.default is not None else (Choice("", "–"), *named)


def field_help(attribute: Attribute) -> str:
    """`The metering point. 3 to 20 characters.`"""
    return " ".join(filter(None, (_sentence(attribute.description or ""), _sentence(limits_text(attribute)))))


def _sentence(text: str) -> str:
    return "" if not text else text if text.endswith((".", "!", "?")) else f"{text}."


def limits_text(attribute: Attribute) -> str:
    """What a value must be, in words; empty if any value of the type fits and the type is plain."""
    limits = [
        _LIST_LIMITS if attribute.type is AttributeType.LIST else "",
        _OBJECT_LIMITS if attribute.type is AttributeType.OBJECT else "",
        _range_text(attribute.minimum, attribute.maximum, "Whole number" if _is_whole(attribute) else "Number"),
        _range_text(attribute.min_length, attribute.max_length, "Length"),
        f"Must match {attribute.pattern}" if attribute.pattern else "",
    ]
    return ". ".join(filter(None, limits))


_LIST_LIMITS = "One item on each line"
_OBJECT_LIMITS = "Names and values as YAML, one on each line: `name: value`"


def _is_whole(attribute: Attribute) -> bool:
    return attribute.type is AttributeType.INTEGER


def _range_text(low: float | None, high: float | None, subject: str) -> str:
    if low is not None and high is not None:
        return f"{subject} {low:g} to {high:g}"
    if low is not None:
        return f"{subject} at least {low:g}"
    return "" if high is None else f"{subject} at most {high:g}"


def typed_text(attribute: Attribute, value: Any) -> str:
    """What a person would type for the value."""
    if value is None:
        return ""
    if attribute.type is AttributeType.LIST and isinstance(value, list):
        return "\n".join(_item_text(one) for one in value)
    if attribute.type is AttributeType.OBJECT:
        return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))
    return as_text(value)


def _item_text(value: Any) -> str:
    is_plain = not isinstance(value, dict | list)
    return as_text(value) if is_plain else str(yaml.safe_dump(value, default_flow_style=True, width=10_000)).strip()


def read_attributes(
    attributes: Mapping[str, Attribute], typed: Typed, prefix: str = ""
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The values that were typed, as the order takes them, and what is wrong with each field. What was left empty is
    left out: it gets its default, or the order asks for it."""
    values: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for name, attribute in attributes.items():
        field = f"{prefix}{name}"
        text = typed.get(field, "").strip()
        if not text:
            if attribute.required and attribute.default is None:
                problems[field] = ["needs a value"]
            continue
        try:
            value = _READERS[attribute.type](attribute, text)
        except ValueError as error:
            problems[field] = [str(error)]
            continue
        found = validate_value(attribute, value)[1]
        if found:
            problems[field] = found
        else:
            values[name] = value
    return values, problems


def _read_text(_attribute: Attribute, text: str) -> Any:
    return text


def _read_number(attribute: Attribute, text: str) -> Any:
    """Raises ValueError."""
    try:
        return int(text) if _is_whole(attribute) else float(text)
    except ValueError:
        kind = "whole number" if _is_whole(attribute) else "number"
        raise ValueError(f"must be a {kind}, and is `{text}`") from None


def _read_list(attribute: Attribute, text: str) -> Any:
    """One item on each line. Raises ValueError."""
    items = attribute.items or Attribute(type=AttributeType.STRING)
    return [_READERS[items.type](items, line.strip()) for line in text.splitlines() if line.strip()]


def _read_object(_attribute: Attribute, text: str) -> Any:
    try:
        return read_yaml(text)
    except NotYaml as error:
        raise ValueError(f"cannot be read: {error}") from error


_READERS: Mapping[AttributeType, Callable[[Attribute, str], Any]] = {
    AttributeType.STRING: _read_text,
    AttributeType.INTEGER: _read_number,
    AttributeType.NUMBER: _read_number,
    AttributeType.BOOLEAN: lambda _attribute, text: {YES: True, NO: False}.get(text, text),
    AttributeType.DATE: _read_text,
    AttributeType.DATETIME: lambda _attribute, text: moment_text(text),
    AttributeType.LIST: _read_list,
    AttributeType.OBJECT: _read_object,
}

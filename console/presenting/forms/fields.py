"""The fields of a form, ready for a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from console.presenting.forms.moments import moment_value


class Control(StrEnum):
    """How a field is shown. A template has a macro for each."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "datetime-local"
    """A date and time. Its value is UTC without a zone; a script shows it in the viewer's zone."""
    SELECT = "select"
    TEXTAREA = "textarea"
    CODE = "code"
    """A text area for YAML."""
    CHECKBOX = "checkbox"
    FILE = "file"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FormField:
    name: str
    """Of the form's data."""
    label: str
    control: Control = Control.TEXT
    value: str = ""
    """What was typed, or the default."""
    help: str = ""
    is_required: bool = False
    requirement: str = "optional"
    """Beside the label of a field that may be left empty: when it is needed."""
    choices: Sequence[Choice] = ()
    suggestions: Sequence[str] = ()
    """Of a text: values that are offered. Any other is taken as well."""
    max_length: int | None = None
    problems: tuple[str, ...] = ()
    """What is wrong with the value: phrases that go on after the label, "must be at least 1, and is 0"."""

    @property
    def element_id(self) -> str:
        return f"field-{self.name}"

    @property
    def is_checked(self) -> bool:
        return self.value == CHECKED


CHECKED = "yes"
"""What a ticked box sends. One that is not ticked sends nothing."""

Typed = Mapping[str, str]
"""What a person has typed, by the name of the field."""
Problems = Mapping[str, Sequence[str]]
"""Field → what is wrong with it."""


def with_typed(fields: Sequence[FormField], typed: Typed | None, problems: Problems | None = None) -> list[FormField]:
    """The fields with what was typed instead of their defaults. None: nothing was typed yet."""
    found = problems or {}
    return [
        _ready(
            replace(
                field,
                value=field.value if typed is None or field.control is Control.HIDDEN else typed.get(field.name, ""),
                problems=tuple(found.get(field.name, ())),
            )
        )
        for field in fields
    ]


def _ready(field: FormField) -> FormField:
    """A browser shows nothing for a moment that it cannot read, so such a text is shown as text."""
    if field.control is not Control.MOMENT or not field.value:
        return field
    value = moment_value(field.value)
    return replace(field, control=Control.TEXT) if value is None else replace(field, value=value)

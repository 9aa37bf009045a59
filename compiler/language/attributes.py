"""Attributes: what a product declares, and the validation of values against it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from compiler.language.patterns import matches_fully
from compiler.source.findings import did_you_mean
from compiler.values import INT64_RANGE, describe_value, format_value


class AttributeType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"
    OBJECT = "object"


MergeStrategy = Literal["reject", "first", "min", "max", "sum", "list"]


class Attribute(BaseModel):
    """`{type, items, properties, default, required, enum, minimum, …}`; `merge` only on technical products."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: AttributeType
    """string, integer, number, boolean, date, datetime, list or object."""
    items: Attribute | None = None
    """What each item of a list must be."""
    properties: dict[str, Attribute] | None = None
    """What an object holds."""
    default: Any = None
    """The value if none is given."""
    required: bool = False
    """Whether a value must be given."""
    enum: list[Any] | None = None
    """The allowed values."""
    minimum: float | None = None
    """The smallest number allowed."""
    maximum: float | None = None
    """The largest number allowed."""
    min_length: int | None = Field(None, ge=0)
    """The smallest number of characters or items."""
    max_length: int | None = Field(None, ge=0)
    """The largest number of characters or items."""
    pattern: str | None = None
    """A regular expression (RE2) that the whole text must match."""
    description: str | None = None
    """For the readers of the definition."""
    merge: MergeStrategy | None = None
    """What to do if sources want different values: reject, first, min, max, sum or list."""


def copies_to(source: Attribute, target: Attribute) -> bool:
    """Whether a rule that does not map `target` gives it the value of `source`, the attribute of the same name.

    Equal types are copied. With `merge: list`, a list also takes single items.
    """
    if source.type is target.type:
        return True
    takes_items = target.type is AttributeType.LIST and target.merge == "list"
    return takes_items and (target.items is None or target.items.type is source.type)


def validate_value(attribute: Attribute, value: object) -> tuple[Any, list[str]]:
    """`value` converted to the attribute's type (a number to float, a date to `date`, …), and what is wrong with it.

    A problem is a phrase that goes on after the name: "must be at least 1, and is 0". With problems, the value is
    returned unchanged.
    """
    try:
        converted = _CONVERTERS[attribute.type](value)
    except ValueError as error:
        return value, [str(error)]
    if isinstance(converted, list):
        converted, problems = _validated_items(attribute, converted)
    elif isinstance(converted, dict):
        converted, problems = _validated_properties(attribute, converted)
    else:
        problems = []
    problems += _constraint_problems(attribute, converted)
    return (value, problems) if problems else (converted, [])


def _validated_items(attribute: Attribute, values: list[Any]) -> tuple[list[Any], list[str]]:
    if attribute.items is None:
        return values, []
    results = [validate_value(attribute.items, value) for value in values]
    problems = [f"item {number}: {text}" for number, (_, texts) in enumerate(results, 1) for text in texts]
    return [value for value, _ in results], problems


def _validated_properties(attribute: Attribute, values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if attribute.properties is None:
        return values, []
    result = dict(values)
    problems: list[str] = []
    unknown = values.keys() - attribute.properties.keys()
    problems += [f"has no property `{name}`{did_you_mean(name, attribute.properties)}" for name in unknown]
    for name, declared in attribute.properties.items():
        if values.get(name) is None:
            if declared.default is not None:
                result[name] = validate_value(declared, declared.default)[0]
            elif declared.required:
                problems.append(f"needs the property `{name}`")
            continue
        result[name], texts = validate_value(declared, values[name])
        problems += [f"`{name}` {text}" for text in texts]
    return result, sorted(problems)


def _constraint_problems(attribute: Attribute, value: Any) -> list[str]:
    problems = []
    if attribute.enum is not None and value not in (_convert_if_possible(attribute, one) for one in attribute.enum):
        allowed = ", ".join(str(one) for one in attribute.enum)
        near = did_you_mean(str(value), [str(one) for one in attribute.enum])
        problems.append(f"must be one of {allowed}, and is {format_value(value)}{near}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if attribute.minimum is not None and value < attribute.minimum:
            problems.append(f"must be at least {attribute.minimum:g}, and is {format_value(value)}")
        if attribute.maximum is not None and value > attribute.maximum:
            problems.append(f"must be at most {attribute.maximum:g}, and is {format_value(value)}")
    if isinstance(value, str | list):
        unit = "characters" if isinstance(value, str) else "items"
        if attribute.min_length is not None and len(value) < attribute.min_length:
            problems.append(f"must have at least {attribute.min_length} {unit}, and has {len(value)}")
        if attribute.max_length is not None and len(value) > attribute.max_length:
            problems.append(f"must have at most {attribute.max_length} {unit}, and has {len(value)}")
    if isinstance(value, str) and attribute.pattern is not None and not matches_fully(attribute.pattern, value):
        problems.append(f"must match the pattern {attribute.pattern}, and is {format_value(value)}")
    return problems


def _convert_if_possible(attribute: Attribute, value: Any) -> Any:
    try:
        return _CONVERTERS[attribute.type](value)
    except ValueError:
        return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be text, and is {format_value(value)}: put it in quotes")
    return value


def _integer(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"must be a whole number, and is {describe_value(value)}")
    if value not in INT64_RANGE:
        raise ValueError(f"must be a whole number of at most 64 bits, and is {format_value(value)}")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"must be a number, and is {describe_value(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number, and is {format_value(value)}")
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, and is {describe_value(value)}")
    return value


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return datetime.strptime(value if isinstance(value, str) else "", "%Y-%m-%d").date()  # noqa: DTZ007
    except ValueError:
        raise ValueError(f"must be a date like 2026-12-01, and is {format_value(value)}") from None


def _datetime(value: object) -> datetime:
    try:
        moment = (
            value if isinstance(value, datetime) else datetime.fromisoformat(value if isinstance(value, str) else "")
        )
        if isinstance(value, str) and len(value) <= len("2026-12-01"):
            raise ValueError
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    except ValueError:
        raise ValueError(f"must be a date and time like 2026-12-01T08:00:00Z, and is {format_value(value)}") from None


def _list(value: object) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"must be a list, and is {format_value(value)}")
    return list(value)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"must be a mapping of names to values, and is {format_value(value)}")
    return value


_CONVERTERS: dict[AttributeType, Callable[[object], Any]] = {
    AttributeType.STRING: _text,
    AttributeType.INTEGER: _integer,
    AttributeType.NUMBER: _number,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.DATE: _date,
    AttributeType.DATETIME: _datetime,
    AttributeType.LIST: _list,
    AttributeType.OBJECT: _object,
}

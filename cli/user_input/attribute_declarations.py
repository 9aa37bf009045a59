"""Attributes in short form: `seats:integer:1..10=1`, `plan:basic/full=basic`, `address:string`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cli.framework.errors import UsageError
from cli.user_input.value_parsing import parse_scalar
from compiler.language.attributes import Attribute, AttributeType, validate_value
from compiler.language.documents import RESERVED_WORDS, AttributeName
from compiler.source.findings import did_you_mean

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_FORM = re.compile(
    rf"(?P<name>[^:=\s]+):(?P<type>[^:=]+)(:(?P<low>{_NUMBER})?\.\.(?P<high>{_NUMBER})?)?(=(?P<default>.*))?"
)
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")
"""Without leading zeros: `01067` is a text."""
_NAMES: TypeAdapter[str] = TypeAdapter(AttributeName)
_SIMPLE_TYPES = [each.value for each in AttributeType if each not in (AttributeType.LIST, AttributeType.OBJECT)]
EXAMPLES = "seats:integer:1..10=1, plan:basic/full=basic, address:string"


def parse_attributes(texts: Iterable[str]) -> dict[str, Attribute]:
    """Without a default, an attribute is required. Raises UsageError."""
    attributes: dict[str, Attribute] = {}
    for name, attribute in map(parse_attribute, texts):
        if name in attributes:
            raise UsageError(f"The attribute `{name}` is given twice")
        attributes[name] = attribute
    return attributes


def parse_attribute(text: str) -> tuple[str, Attribute]:
    """`(name, attribute)`. Raises UsageError."""
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise UsageError(f"`{text}` is not an attribute; write for example {EXAMPLES}")
    name = _checked_name(form["name"])
    declared: dict[str, Any] = _type_keys(form["type"].strip())
    for key, limit in (("minimum", form["low"]), ("maximum", form["high"])):
        if limit:
            declared[key] = float(limit) if "." in limit else int(limit)
    if form["default"] is None:
        declared["required"] = True
    else:
        declared["default"] = _default(form["default"], declared["type"])
    try:
        attribute = Attribute.model_validate(declared)
    except ValidationError as error:
        raise UsageError(f"`{text}`: {error.errors()[0]['msg']}") from None
    if attribute.default is not None and (problems := validate_value(attribute, attribute.default)[1]):
        raise UsageError(f"`{text}`: the default {'; '.join(problems)}")
    return name, attribute


def _checked_name(name: str) -> str:
    try:
        return _NAMES.validate_python(name)
    except ValidationError:
        raise UsageError(
            f"`{name}` cannot be the name of an attribute: write a letter or `_`, then letters, digits and `_`, and no "
            f"word of expressions ({', '.join(sorted(RESERVED_WORDS))})"
        ) from None


def _type_keys(text: str) -> dict[str, Any]:
    """`{type}`, or `{type: string, enum}` of `basic/full`, `{type: integer, enum}` of `24/36`."""
    if "/" in text:
        choices = [choice.strip() for choice in text.split("/")]
        if not all(choices):
            raise UsageError(f"`{text}` has an empty choice")
        if all(_WHOLE_NUMBER.fullmatch(choice) for choice in choices):
            return {"type": AttributeType.INTEGER.value, "enum": [int(choice) for choice in choices]}
        return {"type": AttributeType.STRING.value, "enum": choices}
    if text not in _SIMPLE_TYPES:
        hint = did_you_mean(text, _SIMPLE_TYPES) or "."
        raise UsageError(f"There is no type `{text}`{hint} The types are {', '.join(_SIMPLE_TYPES)}, or choices: a/b/c")
    return {"type": text}


def _default(text: str, type_: str) -> Any:
    is_text = type_ in (AttributeType.STRING, AttributeType.DATE, AttributeType.DATETIME)
    return text if is_text else parse_scalar(text)

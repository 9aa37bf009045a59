"""What the models of all definitions share: their base, and types that several of them use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


class StrictModel(BaseModel):
    """A part of a definition. Unknown keys are errors; instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def __eq__(self, other: object) -> bool:
        """Compares values only, not whether defaults were written out. Faster than pydantic's comparison."""
        return type(other) is type(self) and self.__dict__ == other.__dict__


def require_one(model: StrictModel, label: str, *fields: str) -> None:
    """Raises ValueError unless exactly one of the fields has a value."""
    values = model.__dict__
    written = model.model_fields_set.intersection(fields)
    if len(written) == 1 and values[next(iter(written))] is not None:
        return
    given = [field for field in fields if values[field] is not None]
    if len(given) != 1:
        found = f"it has {' and '.join(field.rstrip('_') for field in given)}" if given else "it has none"
        names = ", ".join(field.rstrip("_") for field in fields)
        raise ValueError(f"{label} needs exactly one of {names}; {found}")


def mapping_tag(mapping: str, other: str) -> Callable[[object], str]:
    """Tells the two members of a union apart: one is a mapping (or its model), the other a single value."""
    return lambda value: mapping if isinstance(value, dict | BaseModel) else other


def as_list(value: object) -> object:
    """Reads a single value `x` as `[x]`."""
    return value if isinstance(value, list | tuple) or value is None else [value]


def _expression_text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


BareExpression = Annotated[str, BeforeValidator(_expression_text, json_schema_input_type=str | bool | int | float)]
"""A CEL expression. A plain number or boolean is also one (`when: true`, `quantity: 2`)."""

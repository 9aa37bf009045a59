"""Attributes: what a product declares of itself, and the checking of values against it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class AttributeType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"
    OBJECT = "object"


Merge = Literal["reject", "first", "min", "max", "sum", "list"]


class Attribute(BaseModel):
    """`{type, items, properties, default, required, enum, minimum, …}`; `merge` only on technical products."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: AttributeType
    items: Attribute | None = None
    properties: dict[str, Attribute] | None = None
    default: Any = None
    required: bool = False
    enum: list[Any] | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=0)
    pattern: str | None = None
    description: str | None = None
    merge: Merge | None = None

"""Classes of records that are made often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record_class(cls: type[T]) -> type[T]:
    """A dataclass with slots. Do not change its objects: type checkers take it as frozen. It is not frozen when it
    runs, because that makes an object cost three times as much."""
    return dataclass(slots=True)(cls)

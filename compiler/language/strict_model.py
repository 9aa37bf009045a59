"""The base of every model of a definition."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """A piece of a definition: unknown keys are errors, and nothing changes it once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def __eq__(self, other: object) -> bool:
        """By what it says, whether or not defaults were spelled out: asked once for every part of every definition."""
        return type(other) is type(self) and self.__dict__ == other.__dict__


def as_list(value: object) -> object:
    """`x` and `[x]` are the same where a list of one is usual."""
    return value if isinstance(value, list | tuple) or value is None else [value]

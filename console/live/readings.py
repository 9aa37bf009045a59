"""What a follower learns from its source each time it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import BaseModel


@dataclass(frozen=True)
class Reading:
    head: BaseModel | None = None
    """The whole that the items belong to. None: as it was."""
    items: Mapping[str, BaseModel] = field(default_factory=dict)
    """Those that may have changed. Only those that differ from before are told."""
    is_complete: bool = False
    """Whether `items` are all there are: others are gone."""
    has_gap: bool = False
    """More has changed than is told: pages fetch everything again."""


class Source(Protocol):
    """Where a follower looks. A source belongs to one follower."""

    async def read(self) -> Reading | None:
        """None: nothing has changed. The first reading is what later ones are compared with. Raises OperationError."""
        ...

    async def pause(self, cost: float) -> None:
        """Returns when it is time to look again. `cost`: how many seconds the last look took."""
        ...

    def close(self) -> None:
        """Nobody watches any more."""
        ...

"""Where an answer comes from, and how old it may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ListSource = Literal["ledger", "visibility"]


@dataclass(frozen=True)
class Provenance:
    source: ListSource
    as_of: datetime | None = None
    """The ledger has all changes until then. None: not from the ledger, which lags by about a second."""
    lag_seconds: float | None = None
    """How old `as_of` was when the answer was made."""
    is_fed: bool = True
    """Whether a worker writes to the ledger now."""
    ledger_failure: str | None = None
    """Why the ledger was not asked, although there is one."""


VISIBILITY = Provenance("visibility")

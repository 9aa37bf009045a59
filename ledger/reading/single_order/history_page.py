"""A page of an order's history, the latest entry first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workflows.contract.order_views import HistoryEntry

HistoryFilter = Literal["all", "people", "engine"]


@dataclass(frozen=True)
class HistoryRequest:
    filter: HistoryFilter = "all"
    """`people`: what people did. `engine`: what happened by itself."""
    step: str = ""
    """Only what concerns the step with this id."""
    page: int = 1
    """From 1. One behind the last is the last."""
    size: int = 100

    def fits(self, entry: HistoryEntry) -> bool:
        is_wanted = self.filter == "all" or (entry.by is not None) == (self.filter == "people")
        return is_wanted and self.step in ("", entry.step)


@dataclass(frozen=True)
class HistoryPage:
    entries: Sequence[HistoryEntry]
    count: int
    """On all pages."""
    page: int
    pages: int
    step_names: Mapping[str, str] = field(default_factory=dict)
    """What the steps do that the entries name, by id."""


def page_of(request: HistoryRequest, count: int) -> tuple[int, int]:
    """The page that is shown, and how many there are. There is always one."""
    pages = max(-(-count // request.size), 1)
    return min(max(request.page, 1), pages), pages


def history_page(history: Sequence[HistoryEntry], request: HistoryRequest) -> HistoryPage:
    """`history`: all entries, the oldest first."""
    fitting = [entry for entry in reversed(history) if request.fits(entry)]
    page, pages = page_of(request, len(fitting))
    return HistoryPage(fitting[(page - 1) * request.size : page * request.size], len(fitting), page, pages)

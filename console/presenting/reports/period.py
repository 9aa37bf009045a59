"""The period and the product that a report is about, as the address of its page says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from console.presenting.moments import parse_moment
from operations.reading.reports import ReportCriteria

_UTC = ZoneInfo("UTC")
PRESETS = (
    ("8h", "8 hours"),
    ("1d", "24 hours"),
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("90d", "90 days"),
)


@dataclass(frozen=True)
class PeriodLink:
    label: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class ReportQuery:
    """As a person wrote it. Empty: what is usual for the report."""

    since: str = ""
    until: str = ""
    product: str = ""

    def criteria(self, now: datetime | None = None) -> ReportCriteria:
        """Raises ValueError with a message for the person who wrote it."""
        at = now or datetime.now(UTC)
        since, until = (
            parse_moment(text, at, _UTC, ahead=False) if text.strip() else None for text in (self.since, self.until)
        )
        return ReportCriteria(since, until, self.product.strip() or None)

    def url(self, path: str, **changes: str) -> str:
        """The address of `path` with this query; `changes` replace parts of it."""
        values: Mapping[str, str] = {"since": self.since, "until": self.until, "product": self.product, **changes}
        chosen = {name: value for name, value in values.items() if value}
        return f"{path}?{urlencode(chosen)}" if chosen else path

    def presets(self, path: str, usual: str) -> list[PeriodLink]:
        """`usual`: the one that the report has without a period."""
        current = self.since or (usual if not self.until else "")
        return [
            PeriodLink(label, self.url(path, since=text, until=""), text == current and not self.until)
            for text, label in PRESETS
        ]

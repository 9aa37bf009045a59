"""The response of a system, as the expressions of definitions see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: Any

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def bindings(self) -> dict[str, Any]:
        return {"status": self.status, "headers": self.headers, "body": self.body}

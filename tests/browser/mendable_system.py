"""A system that refuses everything until somebody mends it."""

from __future__ import annotations

from typing import Any

from tests.support.servers.desk_system import Desk

BROKEN = {"error": {"code": "broken_lock", "message": "the lock does not turn"}}


class MendableSystem(Desk):
    def __init__(self) -> None:
        super().__init__()
        self.is_mended = False

    def do(self, path: str, body: Any) -> tuple[int, Any]:  # noqa: ARG002
        return (200, {}) if self.is_mended else (409, BROKEN)

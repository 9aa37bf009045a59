"""How a system makes sure who calls it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Credential(Protocol):
    """Judges a request's headers; `secret` gives the secret kept under a variable's name."""

    def accepts(self, headers: Mapping[str, str], secret: Callable[[str], str]) -> bool: ...


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


@dataclass(frozen=True)
class Bearer:
    variable: str

    def accepts(self, headers: Mapping[str, str], secret: Callable[[str], str]) -> bool:
        return _same(headers.get("authorization", ""), f"Bearer {secret(self.variable)}")


@dataclass(frozen=True)
class Basic:
    user: str
    variable: str

    def accepts(self, headers: Mapping[str, str], secret: Callable[[str], str]) -> bool:
        pair = base64.b64encode(f"{self.user}:{secret(self.variable)}".encode()).decode()
        return _same(headers.get("authorization", ""), f"Basic {pair}")


@dataclass(frozen=True)
class ApiKey:
    header: str
    variable: str

    def accepts(self, headers: Mapping[str, str], secret: Callable[[str], str]) -> bool:
        return _same(headers.get(self.header.lower(), ""), secret(self.variable))


@dataclass(frozen=True)
class Open:
    """Anybody who can reach the system may call it."""

    def accepts(self, headers: Mapping[str, str], secret: Callable[[str], str]) -> bool:
        del headers, secret
        return True

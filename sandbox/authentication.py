"""How a system makes sure who calls it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Authenticator(Protocol):
    """Judges a request's headers; `secret` gives the secret kept under a variable's name."""

    def accepts(self, headers: Mapping[str, str], get_secret: Callable[[str], str]) -> bool: ...


def _equals_constant_time(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


@dataclass(frozen=True)
class BearerAuthenticator:
    secret_name: str

    def accepts(self, headers: Mapping[str, str], get_secret: Callable[[str], str]) -> bool:
        return _equals_constant_time(headers.get("authorization", ""), f"Bearer {get_secret(self.secret_name)}")


@dataclass(frozen=True)
class BasicAuthenticator:
    user: str
    secret_name: str

    def accepts(self, headers: Mapping[str, str], get_secret: Callable[[str], str]) -> bool:
        pair = base64.b64encode(f"{self.user}:{get_secret(self.secret_name)}".encode()).decode()
        return _equals_constant_time(headers.get("authorization", ""), f"Basic {pair}")


@dataclass(frozen=True)
class ApiKeyAuthenticator:
    header: str
    secret_name: str

    def accepts(self, headers: Mapping[str, str], get_secret: Callable[[str], str]) -> bool:
        return _equals_constant_time(headers.get(self.header.lower(), ""), get_secret(self.secret_name))


@dataclass(frozen=True)
class NoAuthentication:
    """Anybody who can reach the system may call it."""

    def accepts(self, headers: Mapping[str, str], get_secret: Callable[[str], str]) -> bool:
        del headers, get_secret
        return True

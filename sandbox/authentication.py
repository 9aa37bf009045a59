"""How a sandbox system authenticates its callers."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping

Authenticator = Callable[[Mapping[str, str], Callable[[str], str]], bool]
"""(headers of a request, secret by the name of its variable) → whether the caller may use the system."""


def _equals_constant_time(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def bearer_token(secret_name: str) -> Authenticator:
    return lambda headers, get_secret: _equals_constant_time(
        headers.get("authorization", ""), f"Bearer {get_secret(secret_name)}"
    )


def basic_auth(user: str, secret_name: str) -> Authenticator:
    def accepts(headers: Mapping[str, str], get_secret: Callable[[str], str]) -> bool:
        pair = base64.b64encode(f"{user}:{get_secret(secret_name)}".encode()).decode()
        return _equals_constant_time(headers.get("authorization", ""), f"Basic {pair}")

    return accepts


def api_key(header: str, secret_name: str) -> Authenticator:
    return lambda headers, get_secret: _equals_constant_time(headers.get(header, ""), get_secret(secret_name))


def no_authentication() -> Authenticator:
    return lambda _, __: True

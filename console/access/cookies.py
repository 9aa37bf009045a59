"""The console's cookies: their names, and how they are set and deleted.

A browser sends a cookie to every port of a host, so the names have the console's instance in them.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from console.settings import ConsoleSettings


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    is_secure: bool

    def set(self, response: Response, value: str, max_age: int) -> None:
        """`max_age` is in seconds."""
        response.set_cookie(
            self.name, value, max_age=max_age, path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )

    def delete(self, response: Response) -> None:
        response.delete_cookie(self.name, path="/", secure=self.is_secure, httponly=True, samesite="lax")


def console_cookie(settings: ConsoleSettings, purpose: str) -> Cookie:
    """`purpose`: `session`, `notice` or `provider`. `__Host-` keeps neighbouring domains from setting it."""
    prefix = "__Host-" if settings.is_secure else ""
    return Cookie(f"{prefix}ordo-{settings.instance}-{purpose}", settings.is_secure)

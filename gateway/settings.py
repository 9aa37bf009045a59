"""What the gateway must be told before it opens: its secrets, from the environment or from files that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = "ORDO_GATEWAY_TOKEN"
CALLBACK_SECRET = "ORDO_CALLBACK_SECRET"
SHORT = 16
"""Characters. A secret shorter than this can be guessed."""


class SettingMissing(Exception):
    """The message names the variable, never a value."""


@dataclass(frozen=True)
class GatewaySettings:
    token: str = field(repr=False)
    """What clients send as `Authorization: Bearer …`."""
    callback_secret: bytes = field(repr=False)
    """The worker makes callback ids with it, the gateway reads them."""

    @property
    def short_secrets(self) -> list[str]:
        """Names of variables whose secret is too short to be safe."""
        lengths = {TOKEN: len(self.token), CALLBACK_SECRET: len(self.callback_secret)}
        return [name for name, length in lengths.items() if length < SHORT]


def settings_from(environment: Mapping[str, str]) -> GatewaySettings:
    """Raises SettingMissing."""
    token = _secret(environment, TOKEN, "the token that clients of the gateway send")
    if not (token.isascii() and token.isprintable()):
        raise SettingMissing(f"{TOKEN} has characters that no HTTP header can carry")
    return GatewaySettings(
        token, _secret(environment, CALLBACK_SECRET, "the secret that the worker makes callback ids with").encode()
    )


def _secret(environment: Mapping[str, str], name: str, what: str) -> str:
    if value := environment.get(name):
        return value
    path = environment.get(f"{name}_FILE")
    if not path:
        raise SettingMissing(
            f"{name} is not set: it holds {what}. Set it, or {name}_FILE to the path of a file with it"
        )
    try:
        value = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingMissing(f"{name}_FILE names {path}, which cannot be read: {reason}") from None
    if not value:
        raise SettingMissing(f"{name}_FILE names {path}, which is empty")
    return value

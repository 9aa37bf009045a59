"""The gateway's secrets, from environment variables or from the files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE
from operations.access.failed_sign_ins import MAX_FAILURES
from operations.access.sign_in import MIN_SECRET_LENGTH

WRONG_TOKENS_VARIABLE = "ORDO_GATEWAY_WRONG_TOKENS"
TOKEN_VARIABLE = "ORDO_GATEWAY_TOKEN"
CALLBACK_SECRET_VARIABLE = "ORDO_CALLBACK_SECRET"
TOKEN_PURPOSE = f"the token that clients share, unless {ACCOUNTS_FILE_VARIABLE} names a file of accounts"


class InvalidSetting(Exception):
    """The message names the variable, never its value."""


@dataclass(frozen=True)
class GatewaySettings:
    token: str = field(repr=False)
    """Clients may share it, as an admin. Empty: only the tokens of accounts are valid."""
    callback_secret: bytes = field(repr=False)
    """The worker seals callback ids with it; the gateway opens them."""
    accounts_file: Path | None = None
    max_wrong_tokens: int = MAX_FAILURES
    """That an address may send in a minute."""

    @property
    def weak_secrets(self) -> list[str]:
        """Names of the variables whose secret is too short."""
        lengths = {TOKEN_VARIABLE: len(self.token), CALLBACK_SECRET_VARIABLE: len(self.callback_secret)}
        return [name for name, length in lengths.items() if 0 < length < MIN_SECRET_LENGTH]


def load_settings(environment: Mapping[str, str]) -> GatewaySettings:
    """Raises InvalidSetting. Without accounts, the shared token is needed."""
    accounts_file = environment.get(ACCOUNTS_FILE_VARIABLE) or None
    is_token_set = environment.get(TOKEN_VARIABLE) or environment.get(f"{TOKEN_VARIABLE}_FILE")
    token = "" if accounts_file and not is_token_set else _read_secret(environment, TOKEN_VARIABLE, TOKEN_PURPOSE)
    if not (token.isascii() and token.isprintable()):
        raise InvalidSetting(f"{TOKEN_VARIABLE} contains characters that an HTTP header cannot carry")
    return GatewaySettings(
        token,
        _read_secret(
            environment, CALLBACK_SECRET_VARIABLE, "the secret with which the worker seals callback ids"
        ).encode(),
        Path(accounts_file) if accounts_file else None,
        _read_wrong_tokens(environment),
    )


def _read_wrong_tokens(environment: Mapping[str, str]) -> int:
    text = environment.get(WRONG_TOKENS_VARIABLE) or str(MAX_FAILURES)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:10]) <= 1_000_000):
        raise InvalidSetting(f"{WRONG_TOKENS_VARIABLE} must be a number from 1 to 1,000,000: wrong tokens a minute")
    return int(text)


def _read_secret(environment: Mapping[str, str], name: str, purpose: str) -> str:
    if value := environment.get(name):
        return value
    path = environment.get(f"{name}_FILE")
    if not path:
        raise InvalidSetting(
            f"{name} is not set. It holds {purpose}. Set it, or set {name}_FILE to the path of a file that contains it"
        )
    try:
        value = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidSetting(f"{name}_FILE names {path}, which cannot be read: {reason}") from None
    if not value:
        raise InvalidSetting(f"{name}_FILE names {path}, which is empty")
    return value

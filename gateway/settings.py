"""The gateway's secrets, from environment variables or from the files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from http_server.settings import InvalidSetting, read_secret, read_wrong_tokens
from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE
from operations.access.failed_sign_ins import MAX_FAILURES
from operations.access.sign_in import MIN_SECRET_LENGTH

WRONG_TOKENS_VARIABLE = "ORDO_GATEWAY_WRONG_TOKENS"
TOKEN_VARIABLE = "ORDO_GATEWAY_TOKEN"
CALLBACK_SECRET_VARIABLE = "ORDO_CALLBACK_SECRET"
TOKEN_PURPOSE = f"the token that clients share, unless {ACCOUNTS_FILE_VARIABLE} names a file of accounts"


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
    token = "" if accounts_file and not is_token_set else read_secret(environment, TOKEN_VARIABLE, TOKEN_PURPOSE)
    if not (token.isascii() and token.isprintable()):
        raise InvalidSetting(f"{TOKEN_VARIABLE} contains characters that an HTTP header cannot carry")
    return GatewaySettings(
        token,
        read_secret(
            environment, CALLBACK_SECRET_VARIABLE, "the secret with which the worker seals callback ids"
        ).encode(),
        Path(accounts_file) if accounts_file else None,
        read_wrong_tokens(environment, WRONG_TOKENS_VARIABLE),
    )

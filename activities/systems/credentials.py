"""How a call proves who makes it. Secrets are read from the worker's environment or files each time they are used."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass

from activities.attempts.failure import configuration_error
from activities.systems.environment import read_secret_file
from compiler.language.systems import Auth, BasicAuth, Secret, TextOrSecret


@dataclass(frozen=True, slots=True)
class Credentials:
    headers: dict[str, str]
    masked_values: tuple[str, ...] = ()
    """Every text in the headers that nobody may see."""
    token: str | None = None
    """Of oauth2: what the system may refuse because it has ended; then another one helps."""


NO_CREDENTIALS = Credentials({})


def credentials_for(auth: Auth | None, system: str) -> Credentials:
    """What the definition says by itself; oauth2 takes a token (oauth_tokens.py), mtls stands in the connection.

    Raises Failure (configuration_error), naming the variable or file, never its value.
    """
    if auth is None:
        return NO_CREDENTIALS
    if auth.bearer is not None:
        token = read_secret(auth.bearer, system)
        return Credentials({"Authorization": f"Bearer {token}"}, (token,))
    if auth.api_key is not None:
        value = read_secret(auth.api_key.value, system)
        return Credentials({auth.api_key.header: value}, (value,))
    return _basic_credentials(auth.basic, system) if auth.basic is not None else NO_CREDENTIALS


def _basic_credentials(basic: BasicAuth, system: str) -> Credentials:
    user, hidden = read_text_or_secret(basic.user, system)
    password = read_secret(basic.password, system)
    pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return Credentials({"Authorization": f"Basic {pair}"}, (pair, password, *hidden))


def read_text_or_secret(value: TextOrSecret, system: str) -> tuple[str, tuple[str, ...]]:
    """(the text; the same as the only secret, where it is one)."""
    if isinstance(value, str):
        return value, ()
    secret = read_secret(value, system)
    return secret, (secret,)


def read_secret(secret: Secret, system: str) -> str:
    """A secret that stands in a header."""
    value, kept_in = _read_source(secret, system)
    if not (value.isascii() and value.isprintable()):
        raise configuration_error(f"The secret of system {system} in {kept_in} has characters that no header can carry")
    return value


def read_pem(secret: Secret, system: str) -> str:
    """A certificate or key as PEM text, of any number of lines."""
    value, kept_in = _read_source(secret, system)
    if "-----BEGIN " not in value or not value.isascii():
        raise configuration_error(f"System {system} needs a certificate or key in PEM form, and {kept_in} has none")
    return value


def _read_source(secret: Secret, system: str) -> tuple[str, str]:
    """(what is kept; where, in words)."""
    if secret.env is not None:
        value = os.environ.get(secret.env, "")
        kept_in = f"the environment variable {secret.env}"
    else:
        kept_in = f"the file {secret.file}"
        try:
            value = read_secret_file(secret.file or "", f"The definition of system {system}")
        except ValueError as error:
            raise configuration_error(str(error)) from None
    if not value:
        raise configuration_error(
            f"System {system} needs a secret that this worker lacks: {kept_in} is missing or empty"
        )
    return value, kept_in

"""The credentials of a call. Secrets are read from the worker's environment or files at each use."""

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
    """Every secret text in the headers."""
    token: str | None = None
    """The oauth2 token, if any. If the system rejects it, it may have expired."""


NO_CREDENTIALS = Credentials({})


def static_credentials(auth: Auth | None, owner: str) -> Credentials:
    """All but oauth2, which needs a token (oauth_tokens.py), and mtls, which belongs to the connection.

    Raises AttemptFailure (configuration_error), naming the variable or file, never its value.
    """
    if auth is None:
        return NO_CREDENTIALS
    if auth.bearer is not None:
        token = read_secret(auth.bearer, owner)
        return Credentials({"Authorization": f"Bearer {token}"}, (token,))
    if auth.api_key is not None:
        value = read_secret(auth.api_key.value, owner)
        return Credentials({auth.api_key.header: value}, (value,))
    return _basic_credentials(auth.basic, owner) if auth.basic is not None else NO_CREDENTIALS


def _basic_credentials(basic: BasicAuth, owner: str) -> Credentials:
    user, hidden = read_text_or_secret(basic.user, owner)
    password = read_secret(basic.password, owner)
    pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return Credentials({"Authorization": f"Basic {pair}"}, (pair, password, *hidden))


def read_text_or_secret(value: TextOrSecret, owner: str) -> tuple[str, tuple[str, ...]]:
    """(the text; the secrets in it: the text itself, or none)."""
    if isinstance(value, str):
        return value, ()
    secret = read_secret(value, owner)
    return secret, (secret,)


def read_secret(secret: Secret, owner: str) -> str:
    """A secret for a header."""
    value, kept_in = _read_source(secret, owner)
    if not (value.isascii() and value.isprintable()):
        raise configuration_error(f"The secret of {owner} in {kept_in} has characters that no header can carry")
    return value


def read_pem(secret: Secret, owner: str) -> str:
    """A certificate or key as PEM text."""
    value, kept_in = _read_source(secret, owner)
    if "-----BEGIN " not in value or not value.isascii():
        raise configuration_error(f"The certificate or key of {owner} in {kept_in} is not in PEM form")
    return value


def _read_source(secret: Secret, owner: str) -> tuple[str, str]:
    """(the value; where it is kept, for messages)."""
    if secret.env is not None:
        value = os.environ.get(secret.env, "")
        kept_in = f"the environment variable {secret.env}"
    else:
        kept_in = f"the file {secret.file}"
        try:
            value = read_secret_file(secret.file or "", f"The definition of {owner}")
        except ValueError as error:
            raise configuration_error(str(error)) from None
    if not value:
        raise configuration_error(f"This worker lacks the secret of {owner}: {kept_in} is missing or empty")
    return value, kept_in

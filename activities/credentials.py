"""How a call proves who makes it. Secrets are read from the worker's environment or files each time they are used."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass

from activities.environment import read_secret_file
from activities.failure import configuration_error
from compiler.catalogue import Auth, Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    headers: dict[str, str]
    secrets: tuple[str, ...] = ()
    """Every text in the headers that nobody may see."""


NONE = Credentials({})


def credentials_for(auth: Auth | None, system: str) -> Credentials:
    """Raises Failure (configuration_error), naming the variable or file, never its value."""
    if auth is None:
        return NONE
    if auth.bearer is not None:
        token = read_secret(auth.bearer, system)
        return Credentials({"Authorization": f"Bearer {token}"}, (token,))
    if auth.api_key is not None:
        value = read_secret(auth.api_key.value, system)
        return Credentials({auth.api_key.header: value}, (value,))
    if auth.basic is not None:
        user = auth.basic.user if isinstance(auth.basic.user, str) else read_secret(auth.basic.user, system)
        password = read_secret(auth.basic.password, system)
        pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        hidden = (pair, password) if isinstance(auth.basic.user, str) else (pair, password, user)
        return Credentials({"Authorization": f"Basic {pair}"}, hidden)
    way = "oauth2" if auth.oauth2 is not None else "mtls"
    raise configuration_error(f"System {system} asks for `auth: {way}`, which this engine does not do yet")


def read_secret(secret: Secret, system: str) -> str:
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
    if not (value.isascii() and value.isprintable()):
        raise configuration_error(f"The secret of system {system} in {kept_in} has characters that no header can carry")
    return value

"""mtls: the client certificate of a worker, and the CAs that it trusts for a server."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import httpx

from activities.attempts.failure import configuration_error
from activities.systems.credentials import read_pem
from activities.systems.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """PEM texts; `ca` None: the system's usual CAs."""

    cert: str = field(repr=False)
    key: str = field(repr=False)
    ca: str | None = field(default=None, repr=False)


def read_client_identity(endpoint: Endpoint) -> ClientIdentity | None:
    """Read again from files and environment at each call. Raises AttemptFailure (configuration_error)."""
    mtls = endpoint.auth.mtls if endpoint.auth else None
    if mtls is None:
        return None
    ca = read_pem(mtls.ca, endpoint.owner) if mtls.ca is not None else None
    return ClientIdentity(read_pem(mtls.cert, endpoint.owner), read_pem(mtls.key, endpoint.owner), ca)


@lru_cache(maxsize=1)
def default_tls_context() -> ssl.SSLContext:
    """Without a client certificate, with the usual CAs."""
    return httpx.create_ssl_context()


def client_tls_context(identity: ClientIdentity, owner: str) -> ssl.SSLContext:
    """Raises AttemptFailure (configuration_error), which never shows a certificate or key."""
    try:
        context = ssl.create_default_context(cadata=identity.ca) if identity.ca else httpx.create_ssl_context()
        with tempfile.TemporaryDirectory(prefix="ordo-") as folder:  # readable only by this user
            cert, key = Path(folder) / "cert", Path(folder) / "key"
            cert.write_text(identity.cert)
            key.write_text(identity.key)
            context.load_cert_chain(cert, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        message = f"The `mtls` of {owner} cannot be used: certificate, key and CA do not match ({reason})"
        raise configuration_error(message) from None
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")  # otherwise OpenSSL would ask for the password on the terminal

"""mtls: the certificate that a worker shows to a system, and the authorities by which it knows the system."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import httpx

from activities.attempts.failure import configuration_error
from activities.systems.credentials import read_pem
from compiler.language.systems import Auth


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """PEM texts."""

    cert: str = field(repr=False)
    key: str = field(repr=False)
    ca: str | None = field(default=None, repr=False)
    """None: the authorities that everyone trusts."""


def read_client_identity(auth: Auth | None, system: str) -> ClientIdentity | None:
    """As the worker's files and environment have it now. Raises Failure (configuration_error)."""
    mtls = auth.mtls if auth else None
    if mtls is None:
        return None
    ca = read_pem(mtls.ca, system) if mtls.ca is not None else None
    return ClientIdentity(read_pem(mtls.cert, system), read_pem(mtls.key, system), ca)


@lru_cache(maxsize=1)
def default_tls_context() -> ssl.SSLContext:
    """Shows no certificate; trusts the authorities that everyone trusts."""
    return httpx.create_ssl_context()


def client_tls_context(identity: ClientIdentity, system: str) -> ssl.SSLContext:
    """Raises Failure (configuration_error), never with what a certificate or key holds."""
    try:
        context = ssl.create_default_context(cadata=identity.ca) if identity.ca else httpx.create_ssl_context()
        with tempfile.TemporaryDirectory(prefix="ordo-") as folder:  # only its owner may look into it
            cert, key = Path(folder) / "cert", Path(folder) / "key"
            cert.write_text(identity.cert)
            key.write_text(identity.key)
            context.load_cert_chain(cert, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        message = f"System {system}: `mtls` cannot be used: certificate, key and authority do not fit ({reason})"
        raise configuration_error(message) from None
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")  # rather than that OpenSSL asks on the terminal for its password

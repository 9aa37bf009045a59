"""The keep-alive connections of one worker: a pool for each endpoint."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import DefaultCookiePolicy
from importlib.util import find_spec

import httpx

from activities.systems.certificates import (
    ClientIdentity,
    client_tls_context,
    default_tls_context,
    read_client_identity,
)
from activities.systems.endpoint import Endpoint

KEEPALIVE_EXPIRY = 4.0
"""Seconds. Most servers close idle connections after 5; closing first avoids a request on a dying connection."""


class _Pool:
    def __init__(self, identity: ClientIdentity | None, owner: str) -> None:
        self.identity = identity
        self.users = 0
        tls = client_tls_context(identity, owner) if identity else default_tls_context()
        # The worker limits how many calls run at once, and send_request limits how long each takes.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=200, keepalive_expiry=KEEPALIVE_EXPIRY)
        self.client = httpx.AsyncClient(verify=tls, limits=limits, timeout=None, follow_redirects=False)
        self.client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # calls share no session


class ConnectionPools:
    def __init__(self) -> None:
        self._pools: dict[str, _Pool] = {}
        default_tls_context()  # loading the CAs takes a while; do it before the first call
        if find_spec("sniffio") is None:
            # The HTTP client tries to import it twice per request; the failing search takes a quarter of a call's time.
            sys.modules["sniffio"] = None  # type: ignore[assignment]
        for name in ("httpx", "httpcore"):  # they would log URLs and headers, secrets included
            logging.getLogger(name).setLevel(logging.WARNING)

    @asynccontextmanager
    async def client_for(self, endpoint: Endpoint) -> AsyncIterator[httpx.AsyncClient]:
        """A client for one exchange. A certificate that was replaced since the last exchange takes effect.

        Raises AttemptFailure (configuration_error) if this worker lacks the certificate.
        """
        identity = read_client_identity(endpoint)
        pool = self._pools.get(endpoint.owner)
        if pool is None or pool.identity != identity:
            before, pool = pool, _Pool(identity, endpoint.owner)
            self._pools[endpoint.owner] = pool
            if before is not None and not before.users:
                await before.client.aclose()
        pool.users += 1
        try:
            yield pool.client
        finally:
            pool.users -= 1
            if (
                not pool.users and self._pools.get(endpoint.owner) is not pool
            ):  # replaced meanwhile, and this was the last use
                await pool.client.aclose()

    async def close(self) -> None:
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.client.aclose()

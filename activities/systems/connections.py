"""Connections: the keep-alive pools of one worker, one for each system."""

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
from activities.systems.resolved_system import ResolvedSystem

KEEPALIVE_EXPIRY = 4.0
"""Seconds that an idle connection is kept; most servers keep theirs for 5, and who closes first loses nothing."""


class _Pool:
    def __init__(self, identity: ClientIdentity | None, system: str) -> None:
        self.identity = identity
        self.users = 0
        tls = client_tls_context(identity, system) if identity else default_tls_context()
        # How many are open at once is the worker's affair, how long anything takes the exchange's.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=200, keepalive_expiry=KEEPALIVE_EXPIRY)
        self.client = httpx.AsyncClient(verify=tls, limits=limits, timeout=None, follow_redirects=False)
        self.client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # no call is in another's session


class ConnectionPools:
    def __init__(self) -> None:
        self._pools: dict[str, _Pool] = {}
        default_tls_context()  # loading the authorities takes a while: not the first call's
        if find_spec("sniffio") is None:
            # The HTTP client looks for it twice a request; to search the whole path for it takes a quarter of a call.
            sys.modules["sniffio"] = None  # type: ignore[assignment]
        for name in ("httpx", "httpcore"):  # they would log addresses and headers, secrets included
            logging.getLogger(name).setLevel(logging.WARNING)

    @asynccontextmanager
    async def client_for(self, system: ResolvedSystem) -> AsyncIterator[httpx.AsyncClient]:
        """A client for one exchange. A certificate that was exchanged since the last one counts from now on.

        Raises Failure (configuration_error) where the system wants one that this worker lacks.
        """
        identity = read_client_identity(system.auth, system.id)
        pool = self._pools.get(system.id)
        if pool is None or pool.identity != identity:
            before, pool = pool, _Pool(identity, system.id)
            self._pools[system.id] = pool
            if before is not None and not before.users:
                await before.client.aclose()
        pool.users += 1
        try:
            yield pool.client
        finally:
            pool.users -= 1
            if not pool.users and self._pools.get(system.id) is not pool:  # replaced meanwhile; this was its last use
                await pool.client.aclose()

    async def close(self) -> None:
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.client.aclose()

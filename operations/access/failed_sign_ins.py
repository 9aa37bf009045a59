"""Counts failed sign-ins by address, and refuses addresses with too many for a while. Its memory is bounded."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_FAILURES = 100
"""Wrong tokens that an address may send in one window."""
WINDOW_SECONDS = 60.0
MAX_ADDRESSES = 10_000
"""Addresses that are remembered. With more, those whose last failure is longest ago are forgotten."""


@dataclass(slots=True)
class _Failures:
    count: int
    began: float


class FailedSignIns:
    def __init__(
        self,
        max_failures: int = MAX_FAILURES,
        max_addresses: int = MAX_ADDRESSES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_failures = max_failures
        self._max_addresses = max_addresses
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def record(self, address: str) -> None:
        key, now = _client_key(address), self._clock()
        failures = self._failures.pop(key, None)
        if failures is None or now - failures.began >= WINDOW_SECONDS:
            failures = _Failures(0, now)
        failures.count += 1
        self._failures[key] = failures
        if len(self._failures) > self._max_addresses:
            self._failures.popitem(last=False)

    def seconds_to_wait(self, address: str) -> int:
        """Whole seconds until the address may try again; 0 if it may now."""
        failures = self._failures.get(_client_key(address))
        if failures is None or failures.count < self._max_failures:
            return 0
        return max(0, math.ceil(failures.began + WINDOW_SECONDS - self._clock()))

    def __len__(self) -> int:
        return len(self._failures)


def _client_key(address: str) -> str:
    """One client has a whole /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)

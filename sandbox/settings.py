"""The sandbox's settings, from its environment: delays, secrets of its systems, and where events are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_DELAYS: Mapping[str, float] = {
    "delivery": 20.0,  # from dispatch to delivery of a shipment
    "booking": 5.0,  # from an installation request to a booked visit
    "appointment": 60.0,  # from the booking to the visit
    "activation": 10.0,  # until a subscription is active
    "handover": 30.0,  # until a carrier hands a circuit over
    "rollout": 10.0,  # until a router runs its configuration
    "redelivery": 0.5,  # until a callback or event that was not accepted is posted again; doubles each time
}
"""Seconds of real time, by name. All are far shorter than in reality, so that one can watch an order."""

DEFAULT_SECRET = "sandbox"
"""The secret of a system for which the environment sets none."""


@dataclass
class Gateway:
    """Where events are posted. The token is never stored."""

    url: str | None = None
    token: str | None = None


@dataclass
class Settings:
    delays: dict[str, float]
    secrets: Mapping[str, str]
    """By the name of the variable, such as INVENTORY_TOKEN."""
    gateway: Gateway = field(default_factory=Gateway)

    def secret(self, name: str) -> str:
        return self.secrets.get(name) or DEFAULT_SECRET


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Reads `SANDBOX_DELAY_<NAME>` (seconds), the systems' secrets, `ORDO_GATEWAY_URL` and `ORDO_GATEWAY_TOKEN`.

    Raises ValueError, naming the variable, if a delay is not a number of seconds up to a year.
    """
    delays = dict(DEFAULT_DELAYS)
    for name in DEFAULT_DELAYS:
        variable = f"SANDBOX_DELAY_{name.upper()}"
        if text := environment.get(variable):
            try:
                delays[name] = float(text)
            except ValueError:
                raise ValueError(f"{variable} is `{text}`: set a number of seconds, such as 0.5") from None
            if not 0 <= delays[name] <= 31_536_000:
                raise ValueError(f"{variable} is `{text}`: set seconds between 0 and a year")
    gateway = Gateway(environment.get("ORDO_GATEWAY_URL") or None, environment.get("ORDO_GATEWAY_TOKEN") or None)
    return Settings(delays, environment, gateway)

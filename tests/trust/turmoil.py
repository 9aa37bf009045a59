"""Turmoil, generated from a seed: orders, failures of the systems, and what people do meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status"},
    {"kind": "status", "status": 500, "times": 2},
    {"kind": "refuse", "code": "refused", "method": "POST"},
    {"kind": "refuse", "code": "refused", "method": "DELETE"},
    {"kind": "rate_limit", "retry_after": 0.5},
    {"kind": "drop", "times": 2},
    {"kind": "drop_before"},
    {"kind": "garbage"},
    {"kind": "slow", "seconds": 0.6},
)
SYSTEMS = ("inventory", "logistics", "installation", "subscription", "warranty", "billing", "access", "network")
POSTCODES = ("10115", "50667", "80331")
"""Of three carriers; the last one's fastest circuits are slower than the fastest that is sold."""


@dataclass(frozen=True)
class Deed:
    """What happens `at` so many seconds after the start."""

    at: float
    what: str
    """fault, kill, cancel, rollback, amend, hold, terminate"""
    about: Any = None
    """The fault; or the order's id; or (order's id, new order)."""


@dataclass
class Turmoil:
    seed: int
    size: int
    """Orders."""
    lasts: float
    """Seconds within which all of it begins."""
    kills: int
    orders: list[dict[str, Any]] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)

    def __post_init__(self) -> None:
        random = Random(self.seed)
        for number in range(self.size):
            make = random.choice((_home, _home, _home, _app, _network))
            self.orders.append(make(random, f"T-{self.seed}-{number}"))
        self.deeds = [Deed(random.uniform(1, self.lasts), "kill") for _ in range(self.kills)]
        for _ in range(self.size):
            fault = random.choice(FAULTS) | {"system": random.choice(SYSTEMS)}
            self.deeds.append(Deed(random.uniform(0, self.lasts), "fault", fault))
        for order in self.orders:
            self.deeds += _deeds_about(random, order, self.lasts)
        others = Random(f"{self.seed} terminated")  # so that a seed's orders stay what they were
        for order in others.sample(self.orders, len(self.orders) // 4):
            self.deeds.append(Deed(others.uniform(0.3, self.lasts), "terminate", order["id"]))
        self.deeds.sort(key=lambda deed: deed.at)


def _deeds_about(random: Random, order: dict[str, Any], lasts: float) -> list[Deed]:
    at = random.uniform(0.5, lasts)
    what = random.choice(["", "cancel", "cancel", "rollback", "amend", "amend", "hold"])
    if what == "amend":
        if "_change" not in order:
            return []
        deeds = [Deed(at, "amend", order["_change"](random))]
        if random.random() < 0.4:
            deeds.append(Deed(at + random.uniform(0, 2), "amend", order["_change"](random)))
        if random.random() < 0.3:
            deeds.append(Deed(at + random.uniform(0, 3), "cancel", order["id"]))
        return deeds
    return [Deed(at, what, order["id"])] if what else []


def sent(order: dict[str, Any]) -> dict[str, Any]:
    """As it is submitted."""
    return {name: value for name, value in order.items() if not name.startswith("_")}


def _home(random: Random, id_: str) -> dict[str, Any]:
    def order(random: Random) -> dict[str, Any]:
        attributes = {
            "cameras": random.randint(0, 5),
            "camera_model": random.choice(["indoor", "outdoor"]),
            "install": random.random() < 0.5,
            "plan": random.choice(["household", "premium"]),
            "warranty_years": random.randint(1, 3),
        }
        lines = [{"id": "1", "product": "home_security", "attributes": attributes}]
        if random.random() < 0.25:
            lines.append({"id": "2", "product": "monitoring_app", "attributes": {"seats": random.randint(1, 4)}})
        return _of(id_, lines)

    return order(random) | {"_change": order}


def _app(random: Random, id_: str) -> dict[str, Any]:
    def order(random: Random) -> dict[str, Any]:
        attributes = {"seats": random.randint(1, 9)}
        return _of(id_, [{"id": "1", "product": "monitoring_app", "attributes": attributes}])

    return order(random) | {"_change": order}


def _network(random: Random, id_: str) -> dict[str, Any]:
    sites = [
        {
            "id": f"1.{number}",
            "product": "wan_site",
            "attributes": {
                "site_id": f"site-{number}",
                "postcode": random.choice(POSTCODES),
                "speed": random.choice(["Basic", "Fast", "Ultra"]),
                "segments": [{"name": "shop", "vlan": 10}],
            },
        }
        for number in range(1, random.randint(2, 3))
    ]
    return _of(id_, [{"id": "1", "product": "managed_wan", "lines": sites}])


def _of(id_: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": id_, "customer": {"id": f"C-{id_}", "name": "Elm Street 14"}, "lines": lines}


Change = Callable[[Random], dict[str, Any]]

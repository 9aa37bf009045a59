"""The expected books: what the sandbox's records must hold according to the orders' final states."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from operations.reading.order_details import OrderDetails
from sandbox.systems.inventory import INITIAL_STOCK
from workflows.contract.order_views import StepView
from workflows.contract.states import StepState

S = StepState
KEY = re.compile(r"(?P<order>[^/]+)/(?P<step>[^/]+)/(?P<kind>do|undo|change)/(?P<number>\d+)/(?P<token>\w+)")
STANDS = {
    "reservation": {"reserved", "shipped"},
    "shipment": {"in_transit", "delivered"},
    "request": {"requested", "booked", "done"},
    "subscription": {"provisioning", "active"},
    "warranty": {"registered"},
    "account": {"open", "active"},
    "invoice": {"issued"},
    "circuit": {"ordered", "handed_over"},
    "router": {"configuring", "online"},
    "controller": {"active"},
}
"""By kind of record: the states in which what was done still holds."""
HELD = {"reserved", "shipped"}
SETTLED_BY_HAND = (S.SKIPPED, S.FAILED_ACCEPTED)
"""Whether these have an effect is what a person, or the definition, has decided to leave open."""


@dataclass(frozen=True)
class Records:
    """Of the whole sandbox."""

    effects: list[dict[str, Any]]
    """GET /_log"""
    state: dict[str, dict[str, list[dict[str, Any]]]]
    """GET /_state"""

    def known(self) -> dict[str, tuple[str, str]]:
        """Record → (kind, state)."""
        return {
            row["id"]: (kind, row["state"])
            for kinds in self.state.values()
            for kind, rows in kinds.items()
            for row in rows
        }


def faults_in(readings: list[OrderDetails], undoable: set[str], records: Records) -> Iterator[str]:
    """Everything that does not add up, in sentences. `undoable`: `workstream.step` of those that have an undo."""
    yield from _keys_used_twice(records)
    done, made = _net_effects(records)
    known = records.known()
    for reading in readings:
        for step in reading.steps:
            yield from _faults_of(reading.order.order_id, step, undoable, done, made, known)
    yield from _made_by_nobody(records)
    yield from _stock_gone(records)


def _keys_used_twice(records: Records) -> Iterator[str]:
    for key, times in Counter(effect["key"] for effect in records.effects).items():
        if times > 1:
            yield f"{key} was done {times} times"


def _net_effects(records: Records) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], list[str]]]:
    """Of each step: how often it was done and not undone; and what it has made, oldest first."""
    done: Counter[tuple[str, str]] = Counter()
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for effect in records.effects:
        found = KEY.fullmatch(effect["key"] or "")
        if found is None:
            continue
        place = found["order"], found["step"]
        done[place] += {"do": 1, "undo": -1, "change": 0}[found["kind"]]
        if found["kind"] == "do" and effect["resource"] not in made[place]:
            made[place].append(effect["resource"])
    return done, made


def _faults_of(
    order: str,
    step: StepView,
    undoable: set[str],
    done: Counter[tuple[str, str]],
    made: dict[tuple[str, str], list[str]],
    known: dict[str, tuple[str, str]],
) -> Iterator[str]:
    if step.kind != "call" or _reference(step) not in undoable or step.state in SETTLED_BY_HAND:
        return
    place = order, step.id
    wanted = 1 if step.state in (S.COMPLETED, S.AMENDED) else 0
    if done[place] != wanted:
        yield f"{order}: {step.id} is {step.state}, and its effect holds {done[place]} times"
    if step.id.startswith("billing_account.activate"):
        return  # it changes what another step has made
    standing = [id_ for id_ in made[place] if _stands(known, id_)]
    if len(standing) != wanted:
        shown = ", ".join(f"{id_} {known[id_][1]}" for id_ in made[place] if id_ in known)
        yield f"{order}: {step.id} is {step.state}, and of what it has made {len(standing)} stand ({shown})"


def _reference(step: StepView) -> str:
    return step.id.partition("@")[0]


def _stands(known: dict[str, tuple[str, str]], id_: str) -> bool:
    kind, state = known.get(id_, ("", ""))
    return state in STANDS.get(kind, set())


def _made_by_nobody(records: Records) -> Iterator[str]:
    made = {effect["resource"] for effect in records.effects}
    for id_, (kind, state) in records.known().items():
        if kind in STANDS and id_ not in made:
            yield f"{kind} {id_} ({state}) is there, and nobody has made it"


def _stock_gone(records: Records) -> Iterator[str]:
    """Stock that is neither there nor held by a reservation."""
    inventory = records.state.get("inventory", {})
    held: Counter[str] = Counter()
    for reservation in inventory.get("reservation", []):
        if reservation["state"] in HELD:
            held[reservation["sku"]] += reservation["quantity"]
    for stock in inventory.get("stock", []):
        missing = INITIAL_STOCK[stock["id"]] - stock["available"] - held[stock["id"]]
        if missing:
            yield f"of {stock['id']} {missing} are neither there nor reserved"

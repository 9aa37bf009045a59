"""Orders as a ledger of two years has them: many small customers and a few large ones, offers that come and go, systems
that fail more often than others. The same seed makes the same orders."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from pydantic import BaseModel

from workflows.contract.order_changes import ChangePosition, HistoryRecord, OrderChange, OrderRecord
from workflows.contract.order_views import ErrorView, LineView
from workflows.contract.states import Jeopardy, OrderState, StepState
from workflows.contract.step_record import StepRecord

SPAN = timedelta(days=730)
STEPS = (
    ("account", "open", "call", "billing"),
    ("credit", "check", "call", "credit_bureau"),
    ("stock", "reserve", "call", "inventory"),
    ("number", "assign", "call", "numbering"),
    ("visit", "book", "call", "workforce"),
    ("shipment", "ship", "call", "logistics"),
    ("shipment", "delivered", "event", None),
    ("visit", "install", "manual", None),
    ("line", "provision", "call", "network"),
    ("line", "test", "call", "network"),
    ("account", "bill", "call", "billing"),
    ("customer", "welcome", "call", "messaging"),
)
"""Workstream, name, kind and system of each step."""
INSTALL = 7
QUEUES = ("field_north", "field_south", "field_west", "care", "back_office", "key_accounts")
CODES = ("timeout", "out_of_stock", "rejected", "connection", "no_capacity", "http_500")
FIRST_NAMES = ("Anna", "Ben", "Chloé", "David", "Émile", "Fatima", "Georg", "Hana", "Ivan", "José", "Karin", "Lars")
_BEGINNINGS = ["Hart", "Ash", "Whit", "Brad", "Kings", "Nor", "East", "Wood", "Fair", "Stan", "Lang", "Red", "Mor"]
_ENDINGS = ["ley", "man", "field", "ton", "ford", "wick", "by", "well", "more", "berg", "stone", "land", "brook"]
LAST_NAMES = (
    *["Smith", "Müller", "García", "Okafor", "Novák", "Rossi", "Lindqvist", "Tanaka", "Silva", "Dubois"],
    *(first + last for first in _BEGINNINGS for last in _ENDINGS),
)
_PLACES = ["Elm", "Garden", "Park", "Bridge", "Market", "School", "River", "Castle", "Forest", "Lake", "Abbey", "Rose"]
_KINDS = ["Street", "Row", "Road", "Close", "Drive", "Court", "Way", "Walk", "Terrace", "Crescent", "Gate"]
STREETS = tuple(f"{place} {kind}" for place in _PLACES for kind in _KINDS)
PEOPLE = tuple(f"agent{number:02}" for number in range(40))
ENDED = (
    (OrderState.COMPLETED, 88),
    (OrderState.CANCELLED, 6),
    (OrderState.PARTIAL, 3),
    (OrderState.FAILED, 2),
    (OrderState.REJECTED, 1),
)
OPEN = ((OrderState.IN_PROGRESS, 84), (OrderState.HELD, 4), (OrderState.PENDING, 8), (OrderState.ACKNOWLEDGED, 4))
OPEN_SHARE = 0.02
"""Of all orders: the newest ones."""
ModelT = TypeVar("ModelT", bound=BaseModel)


def _without_values(model: type[ModelT]) -> ModelT:
    return model.model_construct()


_LINE = _without_values(LineView)


def _copied(model: ModelT, **values: Any) -> ModelT:
    """With these values. They are not checked: that would take longer than to write them."""
    copied = copy(model)
    copied.__dict__.update(values)
    return copied


class Skewed:
    """Numbers below `size`: number n is drawn as often as 1 / (n + offset)."""

    def __init__(self, size: int, offset: float = 1.0) -> None:
        self._sums = list(itertools.accumulate(1 / (number + offset) for number in range(size)))

    def draw(self, random: Random) -> int:
        return bisect.bisect_left(self._sums, random.random() * self._sums[-1])


def _weighted(choices: Sequence[tuple[OrderState, int]]) -> tuple[list[OrderState], list[int]]:
    states, weights = zip(*choices, strict=True)
    return list(states), list(weights)


@dataclass
class OrderGenerator:
    """`count` orders that began within SPAN before `now`, in the order in which they began."""

    count: int
    now: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    seed: int = 7
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.customers = Skewed(max(self.count // 5, 10), offset=8.0)
        self.products = Skewed(40)
        self.names, self.streets = Skewed(len(LAST_NAMES), offset=12.0), Skewed(len(STREETS), offset=12.0)
        self.ended_choices, self.open_choices = _weighted(ENDED), _weighted(OPEN)

    def changes(self) -> Iterator[OrderChange]:
        for number in range(self.count):
            yield self.change(number)

    def change(self, number: int) -> OrderChange:
        """The complete change of one order, as it stands at `now`."""
        random = self.random
        age = 1 - (number + random.random()) / self.count
        started = self.now - SPAN * age
        is_open = age < OPEN_SHARE * random.uniform(0.5, 1.5) or random.random() < 0.0005
        state = random.choices(*(self.open_choices if is_open else self.ended_choices))[0]
        in_fallout = state is OrderState.IN_PROGRESS and random.random() < 0.15
        has_task = state is OrderState.IN_PROGRESS and not in_fallout and random.random() < 0.4
        steps = self._steps(started, state, in_fallout, has_task)
        ended = None if is_open else min(started + timedelta(hours=random.expovariate(1 / 90)), self.now)
        requested = started + timedelta(days=random.uniform(1, 30)) if random.random() < 0.85 else None
        order_id = f"SO-{number:07}"
        position = ChangePosition(started.timestamp(), 60, (ended or self.now).timestamp())
        record = OrderRecord(
            state=state,
            jeopardy=self._jeopardy(requested, ended),
            revision=1,
            customer=self._customer(),
            priority=random.choice((3, 3, 3, 2, 4)),
            requested_start=None,
            requested_completion=requested,
            characteristics={"channel": random.choice(("web", "shop", "partner")), "paid": True},
            products=self._products(age),
            catalogue_version=f"sha256:{int((1 - age) * 60):064x}",
            started_at=started,
            ended_at=ended,
            fallout=int(in_fallout),
            open_tasks=int(has_task),
            step_count=len(steps),
            settled_steps=sum(step.state is StepState.COMPLETED for step in steps),
        )
        run_id = f"{random.getrandbits(128):032x}"
        lines = self._lines(record, number)
        return OrderChange(
            order_id=order_id,
            submission=run_id,
            run_id=run_id,
            position=position,
            previous=None,
            order=record,
            lines=lines,
            order_line_count=1,
            steps=steps,
            history=self._history(started, ended, steps, state),
            submitted={
                "id": order_id,
                "customer": record.customer,
                "lines": [{"id": "1", "product": record.products[0], "attributes": lines[0].attributes}],
            },
        )

    def _jeopardy(self, requested: datetime | None, ended: datetime | None) -> Jeopardy:
        end = ended or self.now
        if requested is not None and end > requested:
            return Jeopardy.LATE
        return Jeopardy.AT_RISK if ended is None and self.random.random() < 0.1 else Jeopardy.ON_TRACK

    def _customer(self) -> dict[str, Any]:
        number = self.customers.draw(self.random)
        own = Random(number)
        last, street = LAST_NAMES[self.names.draw(own)], STREETS[self.streets.draw(own)]
        name = f"{own.choice(FIRST_NAMES)} {last}, {street} {own.randint(1, 200)}"
        return {"id": f"C-{number:06}", "name": name, "tier": own.choice(("standard", "gold"))}

    def _products(self, age: float) -> list[str]:
        """Every fourth offer is sold only since a part of the time."""
        drawn = {self.products.draw(self.random) for _ in range(1 + (self.random.random() < 0.3))}
        sold = [number for number in sorted(drawn) if number % 4 != 3 or age < 0.05 * (number % 10 + 1)]
        return [f"offer_{number:02}" for number in sold or (0,)]

    def _lines(self, record: OrderRecord, number: int) -> list[LineView]:
        external = {"crm": f"CRM-{number * 7 % 10_000_019:07}"} if number % 5 < 3 else {}
        ordered = self._line("1", record.products[0], record.state, [], {"speed": 500, "contract": 24}, external)
        parts = ("broadband", "router", "visit", "billing_account")
        return [ordered, *(self._line(f"{part}@1", part, record.state, ["1"], {"speed": 500}, {}) for part in parts)]

    def _line(
        self,
        line_id: str,
        product: str,
        state: OrderState,
        sources: list[str],
        attributes: dict[str, Any],
        external_ids: dict[str, str],
    ) -> LineView:
        return _copied(
            _LINE,
            id=line_id,
            product=product,
            name=product.replace("_", " ").capitalize(),
            quantity=1,
            action="add",
            attributes=attributes,
            state=state,
            sources=sources,
            external_ids=external_ids,
        )

    def _steps(self, started: datetime, state: OrderState, in_fallout: bool, has_task: bool) -> list[StepRecord]:
        random = self.random
        is_open = state in self.open_choices[0]
        done = len(STEPS) if state is OrderState.COMPLETED else random.randrange(len(STEPS)) if is_open else 6
        done = INSTALL if has_task else min(done, INSTALL - 2) if in_fallout else done
        at = started
        steps: list[StepRecord] = []
        for position, (workstream, name, kind, system) in enumerate(STEPS):
            begun, at = at, at + timedelta(seconds=random.expovariate(1 / 4000))
            step_state = _step_state(position, done, is_open, in_fallout, has_task)
            fails = step_state is StepState.FATALLY_FAILED
            is_task = position == INSTALL and has_task
            steps.append(
                StepRecord(
                    number=position + 1,
                    id=f"{workstream}.{name}@1",
                    workstream=workstream,
                    workstream_name=workstream.capitalize(),
                    name=name.capitalize(),
                    kind=kind,
                    summary=f"Broadband · {name.capitalize()}",
                    lines=["broadband@1"],
                    after=[steps[-1].id] if steps else [],
                    state=step_state,
                    system=system,
                    queue=random.choice(QUEUES) if position == INSTALL or fails else None,
                    holder=random.choice(PEOPLE) if is_task and random.random() < 0.4 else None,
                    instructions="Install the router and test the line" if position == INSTALL else None,
                    form={"outcome": {"enum": ["done", "absent"], "required": True}} if position == INSTALL else None,
                    attempts=3 if fails else 1,
                    due=begun + timedelta(days=2) if is_task and random.random() < 0.8 else None,
                    started_at=begun if step_state is not StepState.PENDING else None,
                    ended_at=at if step_state is StepState.COMPLETED else None,
                    output={"reference": f"{random.getrandbits(40):010x}"} if position < done and system else None,
                    error=self._error(system or "", begun) if fails else None,
                )
            )
        return steps

    def _error(self, system: str, at: datetime) -> ErrorView:
        code = CODES[min(int(self.random.expovariate(1.2)), len(CODES) - 1)]
        return ErrorView.model_construct(code=code, message=f"{system}: answered 409 {code}", at=at)

    def _history(
        self, started: datetime, ended: datetime | None, steps: list[StepRecord], state: OrderState
    ) -> list[HistoryRecord]:
        entries = [HistoryRecord(1, started, "accepted")]
        for step in steps:
            if step.error is not None:
                entries.append(
                    HistoryRecord(len(entries) + 1, step.error.at or started, f"in fallout: {step.error.code}", step.id)
                )
            if step.kind == "manual" and step.ended_at is not None:
                person, data = self.random.choice(PEOPLE), {"outcome": "done"}
                entries.append(
                    HistoryRecord(len(entries) + 1, step.ended_at, "completed", step.id, person, "on site", data)
                )
        if ended is not None:
            entries.append(HistoryRecord(len(entries) + 1, ended, state.value))
        return entries


def _step_state(position: int, done: int, is_open: bool, in_fallout: bool, has_task: bool) -> StepState:
    if position < done:
        return StepState.COMPLETED
    if position == done and is_open:
        return StepState.FATALLY_FAILED if in_fallout else StepState.IN_PROGRESS
    return StepState.PENDING if is_open or has_task else StepState.DISCARDED

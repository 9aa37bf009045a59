"""Which of the batch's changes apply, and what each of them does to its order. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from ledger.writing.acceptance import Acceptance, judge_change
from ledger.writing.stored_orders import StoredOrder
from workflows.contract.order_changes import OrderChange, OrderRecord
from workflows.contract.states import OrderState


@dataclass
class OrderUpdate:
    """A change that applies."""

    change: OrderChange
    stored: StoredOrder | None
    is_replacing: bool
    """The change is complete."""
    is_current: bool = True
    key: int = 0
    """Of a new order, once it is inserted."""

    @property
    def is_new(self) -> bool:
        return self.stored is None

    @property
    def is_undecided(self) -> bool:
        """Whether the order is neither accepted nor rejected yet: it has no plan."""
        return self.is_replacing and not self.change.lines and self.order.state is not OrderState.REJECTED

    @property
    def keeps_interruption(self) -> bool:
        """The order's run was ended from outside, and the change was made before that."""
        stored = self.stored
        return stored is not None and stored.interrupted_kind is not None and stored.run_id == self.change.run_id

    @property
    def ends_interruption(self) -> bool:
        """The order was recovered."""
        stored = self.stored
        return stored is not None and stored.interrupted_kind is not None and not self.keeps_interruption

    @property
    def order(self) -> OrderRecord:
        if self.stored is None or not self.keeps_interruption:
            return self.change.order
        return replace(self.change.order, state=OrderState(self.stored.state), ended_at=self.stored.ended_at)

    @property
    def has_new_plan(self) -> bool:
        return self.is_replacing or self.change.lines is not None


@dataclass
class BatchPlan:
    updates: list[OrderUpdate] = field(default_factory=list)
    missed: list[OrderChange] = field(default_factory=list)
    """Changes that do not apply, because an earlier one is missing."""
    superseded: list[StoredOrder] = field(default_factory=list)
    """Orders that were current, and that a later submission takes the place of."""

    @property
    def state_counts(self) -> Counter[str]:
        """State → how many current orders more, or fewer, are in it."""
        counts: Counter[str] = Counter()
        for update in self.updates:
            if update.is_current:
                counts[update.order.state.value] += 1
            if update.stored is not None and update.stored.is_current:
                counts[update.stored.state] -= 1
        updated = {update.stored.key for update in self.updates if update.stored is not None}
        for order in self.superseded:
            if order.key not in updated:
                counts[order.state] -= 1
        return counts


def plan_batch(
    changes: Iterable[OrderChange],
    stored: Mapping[str, Sequence[StoredOrder]],
    archived: Mapping[str, Mapping[str, datetime]] = MappingProxyType({}),
) -> BatchPlan:
    """`changes`: at most one of each submission. `stored`: every submission of their order ids. `archived`: when the
    archived submissions of these ids began."""
    plan = BatchPlan()
    for change in sorted(changes, key=lambda change: (change.order_id, change.submission)):
        known = next((each for each in stored.get(change.order_id, ()) if each.submission == change.submission), None)
        match judge_change(change, known.position if known is not None else None):
            case Acceptance.LATE:
                pass
            case Acceptance.MISSED:
                plan.missed.append(change)
            case acceptance:
                plan.updates.append(OrderUpdate(change, known, acceptance is Acceptance.REPLACE))
    new: dict[str, list[OrderUpdate]] = defaultdict(list)
    for update in plan.updates:
        if update.is_new:
            new[update.change.order_id].append(update)
        elif update.stored is not None:
            update.is_current = update.stored.is_current
    for order_id, updates in new.items():
        plan.superseded += _choose_current(updates, stored.get(order_id, ()), archived.get(order_id, {}))
    superseded = {order.key for order in plan.superseded}
    for update in plan.updates:
        if update.stored is not None and update.stored.key in superseded:
            update.is_current = False
    return plan


def _choose_current(
    new: Sequence[OrderUpdate], stored: Sequence[StoredOrder], archived: Mapping[str, datetime]
) -> list[StoredOrder]:
    """The submission of an order id that started last is current. It may be archived. Returns those that are no
    longer."""
    started = {**archived, **{order.submission: order.started_at for order in stored}}
    started |= {update.change.submission: update.change.order.started_at for update in new}
    latest = max(started, key=lambda submission: (started[submission], submission))
    for update in new:
        update.is_current = update.change.submission == latest
    return [order for order in stored if order.is_current and order.submission != latest]

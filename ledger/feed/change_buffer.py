"""What is not written yet: bounded, and shared between the threads of orders and the thread that writes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from activities.attempts.attempt_sink import AttemptRecord
from ledger.feed.pending_order import DoesNotFollow, OrderKey, PendingOrder
from workflows.contract.order_changes import OrderChange

MAX_BYTES = 128 * 1024 * 1024
"""Of changes that wait, roughly."""
ROOM = 0.8
"""The part of MAX_BYTES below which orders are asked for complete changes."""
MAX_ATTEMPTS = 50_000
MAX_REMEMBERED = 100_000
"""Orders of which it is known that something is missing. Reconciliation finds those beyond by comparing all orders."""

MISSED, DROPPED, REFUSED = "missed", "dropped", "refused"
"""Why rows of an order are missing: `reason` of the table `gaps`."""


@dataclass
class Taken:
    """What a transaction writes."""

    orders: list[PendingOrder] = field(default_factory=list)
    attempts: list[AttemptRecord] = field(default_factory=list)
    gaps: dict[OrderKey, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.orders or self.attempts or self.gaps)


class ChangeBuffer:
    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._pending: dict[OrderKey, PendingOrder] = {}
        self._taken: set[OrderKey] = set()
        """Orders with changes that are being written."""
        self._size = 0
        self._attempts: deque[AttemptRecord] = deque(maxlen=MAX_ATTEMPTS)
        self._incomplete: OrderedDict[OrderKey, None] = OrderedDict()
        """Orders whose next change must be complete."""
        self._gaps: dict[OrderKey, str] = {}
        """Gaps that are not in the table yet."""
        self._refused_until: dict[OrderKey, float] = {}
        self.dropped_orders = 0
        """How often an order was dropped because the buffer was full."""

    def offer(self, change: OrderChange) -> None:
        key = (change.order_id, change.submission)
        with self._lock:
            if self._is_refused(key):
                return
            if change.previous is None:
                self._incomplete.pop(key, None)
            elif key in self._incomplete:
                return
            self._add(key, change)
            if self._size > self._max_bytes:
                self._make_room()
        self._filled.set()

    def wants_complete(self, key: OrderKey) -> bool:
        """Without the lock: every turn of every order asks. A full buffer would only drop the complete change again."""
        return key in self._incomplete and self._size < ROOM * self._max_bytes and not self._is_refused(key)

    def offer_attempt(self, attempt: AttemptRecord) -> None:
        with self._lock:  # `take` might else clear the event after this has set it
            self._attempts.append(attempt)
        self._filled.set()

    def wait(self, seconds: float) -> bool:
        """Returns at once if there is something to write, else after at most `seconds`."""
        return self._filled.wait(seconds)

    def wake(self) -> None:
        self._filled.set()

    def take(self, max_rows: int) -> Taken:
        """Removes the oldest, at most about `max_rows` rows. Then `confirm` says that they are written, or `restore`
        brings them back."""
        with self._lock:
            taken = Taken(gaps=self._gaps)
            self._gaps = {}
            rows = 0
            for key in list(self._pending):
                order = self._pending.pop(key)
                self._size -= order.size
                taken.orders.append(order)
                rows += 1 + len(order.steps) + len(order.history)
                if rows >= max_rows:
                    break
            self._taken = {order.key for order in taken.orders}
            while self._attempts and len(taken.attempts) < max_rows:
                taken.attempts.append(self._attempts.popleft())
            if not self._pending and not self._attempts:
                self._filled.clear()
        return taken

    def confirm(self) -> None:
        """What was taken is written."""
        with self._lock:
            self._taken = set()

    def restore(self, taken: Taken) -> None:
        """What was taken could not be written. It comes before what was offered since."""
        with self._lock:
            self._taken = set()
            newer, self._pending = self._pending, {}
            for order in taken.orders:
                self._pending[order.key] = order
                self._size += order.size
            for key, order in newer.items():
                if key in self._pending:
                    self._size -= order.size
                    self._add(key, order.merged())
                else:
                    self._pending[key] = order
            room = MAX_ATTEMPTS - len(self._attempts)
            self._attempts.extendleft(reversed(taken.attempts[-room:] if room else []))
            self._gaps = taken.gaps | self._gaps
            if self._size > self._max_bytes:
                self._make_room()
        self._filled.set()

    def ask_for_complete(self, changes: Iterable[OrderChange]) -> None:
        """These did not fit to what is stored. The database has noted it."""
        with self._lock:
            for change in changes:
                key = (change.order_id, change.submission)
                self._discard(key)
                self._remember(key)

    def refuse(self, keys: Sequence[OrderKey], seconds: float) -> None:
        """The database does not take these orders. Nothing of them is taken for `seconds`."""
        with self._lock:
            for key in keys:
                self._discard(key)
                self._remember(key)
                self._refused_until[key] = time.monotonic() + seconds

    def oldest_unwritten_at(self) -> float | None:
        """In seconds since 1970; None if nothing waits."""
        with self._lock:
            oldest = next(iter(self._pending.values()), None)
        return None if oldest is None else oldest.oldest_at

    @property
    def unwritten_orders(self) -> int:
        """Orders that wait, or that are being written."""
        with self._lock:
            return len(self._pending.keys() | self._taken)

    def __len__(self) -> int:
        """Orders that wait."""
        return len(self._pending)

    def has_any(self) -> bool:
        return bool(self._pending or self._attempts or self._gaps)

    def _add(self, key: OrderKey, change: OrderChange) -> None:
        pending = self._pending.get(key)
        if pending is None:
            self._pending[key] = pending = PendingOrder.of(change, time.time())
            self._size += pending.size
            return
        self._size -= pending.size
        try:
            pending.add(change)
        except DoesNotFollow:
            self._note_gap(key, MISSED)
        self._size += pending.size

    def _make_room(self) -> None:
        """Drops orders that still run, the newest first: they tell all again. Then ended ones."""
        running = [key for key, order in reversed(self._pending.items()) if not order.has_ended]
        ended = [key for key, order in reversed(self._pending.items()) if order.has_ended]
        for key in (*running, *ended):
            if self._size <= ROOM * self._max_bytes:
                break
            self._discard(key)
            self._note_gap(key, DROPPED)
            self.dropped_orders += 1

    def _discard(self, key: OrderKey) -> None:
        if (order := self._pending.pop(key, None)) is not None:
            self._size -= order.size

    def _note_gap(self, key: OrderKey, reason: str) -> None:
        self._remember(key)
        if len(self._gaps) < MAX_REMEMBERED:
            self._gaps[key] = reason

    def _remember(self, key: OrderKey) -> None:
        """An order that is forgotten here is found as a gap when its next change does not apply."""
        self._incomplete[key] = None
        if len(self._incomplete) > MAX_REMEMBERED:
            self._incomplete.popitem(last=False)

    def _is_refused(self, key: OrderKey) -> bool:
        until = self._refused_until.get(key)
        if until is None:
            return False
        if time.monotonic() < until:
            return True
        self._refused_until.pop(key, None)
        return False

"""Why the lines of an order exist: the rules of products that make fulfilment lines, and the components of bundles."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.plan.decision_log import DecisionLog, PlanDecision
from compiler.plan.to_json import to_json_value
from compiler.values import as_text

MAX_VALUE_LENGTH = 500
"""Characters. Of a longer value, only its beginning is kept."""
MAX_PLANS = 200
MAX_REASONS = 50_000
"""Of all these plans together."""


@dataclass(frozen=True, slots=True)
class LineReason:
    """A rule or a component that has made a line, or has added to it. A fulfilment line may have several."""

    line_id: str
    kind: Literal["rule", "component"]
    source: str
    """The id of the line that it was applied to."""
    name: str
    """The product that it leads to, with the rule's `as`: `security_camera~additional`."""
    why: str
    """``always``, or `` `attributes.cameras > 0` holds``."""
    place: str = ""
    """`file:line:column` in the definitions; empty if unknown."""
    values: dict[str, Any] = field(default_factory=dict)
    """What its condition and its quantity read, as JSON, by the names in the expressions. A value that is not given is
    None."""
    quantity: str | None = None
    """The expression that gave the quantity."""
    quantity_value: int | float | None = None


def line_reasons(order: dict[str, Any], catalogue: Catalogue) -> list[LineReason]:
    """Compiles the order again. Empty if the catalogue rejects it. Never raises, whatever the order is."""
    log = DecisionLog(enabled=True, lines_only=True)
    compile_with_warnings(order, catalogue, decision_log=log)
    return reasons_of(log.decisions)


def reasons_of(decisions: Iterable[PlanDecision]) -> list[LineReason]:
    """The reasons in the order in which they were decided."""
    return [reason for decision in decisions for reason in _reasons(decision)]


def _reasons(decision: PlanDecision) -> Iterator[LineReason]:
    if decision.subject not in ("rule", "component"):
        return
    quantity = decision.quantity
    read = (*decision.values, *(quantity.values if quantity else ()))
    values = {named.name: _bounded(to_json_value(named.value)) for named in read}
    for line_id in decision.result_ids:
        yield LineReason(
            line_id=line_id,
            kind=decision.subject,
            source=decision.line_id,
            name=decision.name,
            why=decision.reason,
            place=decision.location,
            values=values,
            quantity=quantity.expression if quantity else None,
            quantity_value=quantity.value if quantity else None,
        )


def _bounded(value: Any) -> Any:
    text = as_text(value)
    return value if len(text) <= MAX_VALUE_LENGTH else f"{text[: MAX_VALUE_LENGTH - 1]}…"


class RecentLineReasons:
    """The reasons of the plans that this process has compiled last. An order is compiled by a local activity, so its
    workflow finds them here: they are too large for the history of every order.

    Threads compile at the same time: each use of the deque is atomic, and none needs a lock.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        """Whether anybody reads them."""
        self._recent: deque[tuple[bytes, list[LineReason]]] = deque(maxlen=MAX_PLANS)

    def new_log(self) -> DecisionLog:
        """The log for the next compilation. It stays empty if nobody reads the reasons."""
        return DecisionLog(enabled=self.is_wanted, lines_only=True)

    def remember(self, packed_plan: bytes, log: DecisionLog) -> None:
        if not log.enabled:
            return
        self._recent.append((_digest(packed_plan), reasons_of(log.decisions)))
        with suppress(IndexError):  # another thread has made room
            while len(self._recent) > 1 and sum(len(reasons) for _, reasons in self._recent.copy()) > MAX_REASONS:
                self._recent.popleft()

    def find(self, packed_plan: bytes) -> list[LineReason] | None:
        """None if this process has not compiled the plan, or not recently."""
        if not self.is_wanted:
            return None
        wanted = _digest(packed_plan)
        return next((reasons for digest, reasons in reversed(self._recent.copy()) if digest == wanted), None)


def _digest(packed_plan: bytes) -> bytes:
    return blake2b(packed_plan, digest_size=16).digest()


RECENT_LINE_REASONS = RecentLineReasons()

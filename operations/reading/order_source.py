"""Who is asked about one order: the order itself, or the ledger.

A running order is asked, because its forecast depends on the moment; the ledger answers if no worker does. An order
that has ended changes no more, so the ledger answers, also after Temporal has forgotten the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from temporalio.client import Client

from operations.errors import NoLedger, NotFound, NoWorker, OperationRefused, ServerUnreachable
from operations.reading import order_details
from operations.reading.interruptions import as_interrupted, read_interruption, without_waits
from operations.reading.ledger_access import LedgerAccess, LedgerAway, from_ledger
from operations.reading.listed_orders import NO_LEDGER
from operations.reading.order_details import OrderDetails
from operations.reading.provenance import Provenance
from operations.reading.temporal_record import describe_order
from workflows.contract.order_messages import Alternative, RefusalCode
from workflows.contract.order_views import HistoryEntry, StepsPage, StepsPageRequest

if TYPE_CHECKING:
    from activity_contract.line_reasons import LineReason
    from ledger.reading.single_order.attempts import StoredAttempt
    from ledger.reading.single_order.order_record import OrderHead, OrderRecordRead
    from ledger.reading.single_order.submissions import StoredSubmission
    from workflows.contract.order_changes import AmendmentRecord

Preference = Literal["best", "live", "ledger"]
"""`best`: as this module says. `live`: only the order itself, and Temporal's record. `ledger`: only the ledger."""

SILENT = "no worker answers"
FORGOTTEN = "Temporal no longer has its run"

FRESH_SECONDS = 5.0
"""What comes from the ledger may be so old while its order runs."""


def is_fresh(source: Provenance) -> bool:
    return source.is_fed and (source.lag_seconds or 0.0) < FRESH_SECONDS


@dataclass(frozen=True)
class _Known:
    """What the ledger says about an order."""

    head: OrderHead | None = None
    failure: str | None = None
    """Why it says nothing."""


class OrderSource:
    """Its methods raise NotFound, and LedgerAway if only the ledger could answer."""

    def __init__(self, client: Client, ledger: LedgerAccess | None) -> None:
        self._client = client
        self._ledger = ledger

    async def read(
        self, order_id: str, preference: Preference, submission: int | None = None, *, steps: bool = True
    ) -> OrderDetails:
        """`submission` is a number in `read_submissions`. Without one, the latest is read."""
        if submission is not None:
            return await self._read_submission(order_id, preference, submission, steps=steps)
        if preference == "ledger":
            return await self._from_ledger(self._require(), order_id, steps=steps)
        if self._ledger is None:
            return await order_details.read_order(self._client, order_id, steps=steps)
        if preference == "live":
            return await self._live(self._ledger, order_id, steps=steps)
        known = await self._known(self._ledger, order_id)
        if known.head is not None and known.head.has_ended and not known.head.has_gap:
            return await self._from_ledger(self._ledger, order_id, steps=steps)
        try:
            live = await order_details.read_order(self._client, order_id, steps=steps)
        except (NotFound, ServerUnreachable) as error:
            if isinstance(error, NotFound) and known.failure is not None:
                raise LedgerAway(f"Temporal does not know order {order_id}. {known.failure}") from error
            if known.head is None:
                raise
            failure = FORGOTTEN if isinstance(error, NotFound) else error.message
            return replace(await self._from_ledger(self._ledger, order_id, steps=steps), order_failure=failure)
        if live.source == "record" and known.head is not None:
            stored = await self._from_ledger(self._ledger, order_id, steps=steps)
            return replace(_as_recorded(stored, live), order_failure=SILENT)
        return replace(live, ledger_failure=known.failure)

    async def _read_submission(
        self, order_id: str, preference: Preference, number: int, *, steps: bool
    ) -> OrderDetails:
        if preference == "live":
            raise OperationRefused(
                RefusalCode.INVALID, "A submission is read from the ledger by its number, and `live` does not ask it"
            )
        wanted = await self._find_submission(order_id, number)
        details = await self._from_ledger(self._require(), order_id, wanted.submission, steps=steps)
        return replace(details, submission=wanted)

    async def _find_submission(self, order_id: str, number: int) -> StoredSubmission:
        found, _ = await self.read_submissions(order_id)
        for each in found:
            if each.number == number:
                return each
        known = "only 1" if len(found) == 1 else f"only 1 to {len(found)}"
        listed = Alternative(action="submissions", parameters={"order_id": order_id}, effect="lists them")
        raise NotFound(f"Order {order_id} has no submission {number}, {known}", listed)

    async def read_submissions(self, order_id: str) -> tuple[Sequence[StoredSubmission], Provenance]:
        """The oldest first."""
        found, freshness = await self._require().ask(lambda reader: reader.read_submissions(order_id))
        if not found:
            raise _not_in_ledger(order_id)
        return found, from_ledger(freshness)

    async def add_steps(self, details: OrderDetails) -> OrderDetails:
        """The order, which was just read without its steps, with all of them."""
        order = details.order
        if details.source == "worker" and order.interrupted is None:
            with suppress(NotFound, NoWorker, ServerUnreachable):
                whole = await order_details.add_steps(self._client, order)
                return replace(whole, ledger_failure=details.ledger_failure)
        return await self.read(order.order_id, "best")

    async def _live(self, ledger: LedgerAccess, order_id: str, *, steps: bool) -> OrderDetails:
        try:
            return await order_details.read_order(self._client, order_id, steps=steps)
        except NotFound as error:
            if (await self._known(ledger, order_id)).head is None:
                raise
            raise only_in_ledger(order_id) from error

    async def read_steps_page(
        self, order_id: str, request: StepsPageRequest, submission: int | None = None
    ) -> StepsPage:
        if submission is not None:
            return _steps_page(await self._read_submission(order_id, "best", submission, steps=True), request)
        if self._ledger is None:
            return await order_details.read_steps_page(self._client, order_id, request)
        head = (await self._known(self._ledger, order_id)).head
        if head is None or not head.has_ended or head.has_gap:
            try:
                return await order_details.read_steps_page(self._client, order_id, request)
            except (NotFound, NoWorker, ServerUnreachable):
                if head is None:
                    raise
        return _steps_page(await self._from_ledger(self._ledger, order_id, steps=True), request)

    async def read_history(self, order_id: str, preference: Preference, submission: int | None = None) -> OrderDetails:
        """The ledger has all entries, with what people entered; an order keeps its latest ones, without that. The
        last entry of an order that was ended from outside is that end. Raises NoWorker if neither answers."""
        if submission is not None:
            return _with_interruption(await self.read(order_id, preference, submission, steps=False))
        return _with_interruption(await self._read_history(order_id, preference))

    async def _read_history(self, order_id: str, preference: Preference) -> OrderDetails:
        if preference == "best" and self._ledger is not None:
            known = await self._known(self._ledger, order_id)
            if known.head is not None and not known.head.has_gap:
                details = await self._from_ledger(self._ledger, order_id, steps=False)
                if known.head.has_ended:
                    return details
                if details.provenance is not None and is_fresh(details.provenance):
                    return await self._as_temporal_says(details)
        details = await self.read(order_id, preference, steps=False)
        if details.source == "record":
            raise NoWorker(f"Order {order_id}")
        return details

    async def _as_temporal_says(self, details: OrderDetails) -> OrderDetails:
        """The ledger learns only about once a minute which orders were ended from outside."""
        if details.order.interrupted is not None:
            return details
        try:
            record = await describe_order(self._client, details.order.order_id)
            interruption = await read_interruption(self._client, record)
        except (NotFound, ServerUnreachable):
            return details
        return replace(details, order=as_interrupted(details.order, interruption))

    async def read_attempts(
        self, order_id: str, step: str | None, submission: int | None = None
    ) -> list[StoredAttempt]:
        """Of the order's calls and activities; `step` is the id or number of a step. The oldest first."""
        wanted = await self._submission_id(order_id, submission)
        details = await self._from_ledger(self._require(), order_id, wanted, steps=step is not None)
        step_id = details.step(step).id if step is not None else None
        return await self._require().ask(lambda reader: reader.read_attempts(order_id, step_id, wanted))

    async def read_amendments(self, order_id: str, submission: int | None = None) -> Sequence[AmendmentRecord]:
        wanted = await self._submission_id(order_id, submission)
        found = await self._require().ask(lambda reader: reader.read_amendments(order_id, wanted))
        if found is None:
            raise _not_in_ledger(order_id)
        return found

    async def read_line_reasons(self, order_id: str) -> Sequence[LineReason]:
        found = await self._require().ask(lambda reader: reader.read_line_reasons(order_id))
        if found is None:
            raise _not_in_ledger(order_id)
        return found

    async def _submission_id(self, order_id: str, number: int | None) -> str | None:
        return None if number is None else (await self._find_submission(order_id, number)).submission

    def _require(self) -> LedgerAccess:
        if self._ledger is None:
            raise NoLedger(f"Only a ledger keeps this, and {NO_LEDGER}")
        return self._ledger

    async def _known(self, ledger: LedgerAccess, order_id: str) -> _Known:
        try:
            return _Known(await ledger.ask(lambda reader: reader.read_head(order_id)))
        except LedgerAway as error:
            return _Known(failure=error.message)

    async def _from_ledger(
        self, ledger: LedgerAccess, order_id: str, submission: str | None = None, *, steps: bool
    ) -> OrderDetails:
        found, freshness = await ledger.ask(lambda reader: reader.read_order(order_id, submission, with_steps=steps))
        if found is None:
            raise _not_in_ledger(order_id)
        return _details(found, from_ledger(freshness))


def _details(found: OrderRecordRead, provenance: Provenance) -> OrderDetails:
    if found.head.has_ended:  # it changes no more, however long no worker has written
        provenance = Provenance("ledger", found.head.changed_at, 0.0, provenance.is_fed)
    steps = without_waits(found.steps) if found.head.is_interrupted else found.steps
    return OrderDetails(found.order, tuple(steps), "ledger", provenance, storage=found.storage)


def _steps_page(details: OrderDetails, request: StepsPageRequest) -> StepsPage:
    fitting = [step for step in details.steps if request.states is None or step.state in request.states]
    end = request.offset + request.limit
    return StepsPage(steps=fitting[request.offset : end], next_offset=end if end < len(fitting) else None)


def _with_interruption(details: OrderDetails) -> OrderDetails:
    """An order that is ended from outside cannot write this into its own history."""
    interruption = details.order.interrupted
    if interruption is None or interruption.at is None:
        return details
    entry = HistoryEntry(
        at=interruption.at, what=interruption.event, by=interruption.by, reason=interruption.reason or None
    )
    return replace(details, order=details.order.model_copy(update={"history": [*details.order.history, entry]}))


def _as_recorded(details: OrderDetails, record: OrderDetails) -> OrderDetails:
    """The ledger may not know yet that the order was ended from outside."""
    if record.order.interrupted is None or details.order.interrupted is not None:
        return details
    order = as_interrupted(details.order, record.order.interrupted)
    return replace(details, order=order, steps=tuple(without_waits(details.steps)))


def only_in_ledger(order_id: str) -> NotFound:
    show = Alternative(action="show", parameters={"order_id": order_id}, effect="shows what the ledger has")
    return NotFound(f"Order {order_id} is in the ledger, but {FORGOTTEN}", show)


def _not_in_ledger(order_id: str) -> NotFound:
    return NotFound(f"The ledger has no order {order_id}", Alternative(action="list", effect="lists the orders"))

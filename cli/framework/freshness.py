"""Notes on standard error: where an answer comes from, if that is not what the user may expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.framework.session import Session
from views.shared.time_format import format_elapsed, format_time

if TYPE_CHECKING:
    from operations.reading.order_details import OrderDetails
    from operations.reading.provenance import Provenance

LAG_SHOWN = 2.0
"""Seconds. A ledger that is less behind is as good as up to date."""


def note_source(session: Session, provenance: Provenance) -> None:
    if provenance.ledger_failure is not None:
        session.print_note(f"{provenance.ledger_failure}. This is from Temporal's visibility.")
    elif provenance.source == "ledger":
        session.print_note(f"From the ledger{_age(provenance)}.")


def note_search(session: Session, search: str | None) -> None:
    """For a list that found nothing."""
    if search:
        session.print_note(f"A search finds words by how they begin, so `{search}` is not found inside a word.")


def note_order_source(session: Session, details: OrderDetails) -> None:
    if details.ledger_failure is not None:
        session.print_note(f"{details.ledger_failure}. This is from the order itself.")
    elif details.provenance is not None and details.order_failure is not None:
        failure, as_of = details.order_failure, format_time(details.provenance.as_of)
        session.print_note(f"{failure[:1].upper()}{failure[1:]}: this is what the ledger knows, as of {as_of}.")
    elif details.provenance is not None:
        session.print_note(f"{_place(details, details.provenance)}. {_submission_remark(details)}")
    storage = details.storage
    if storage is not None and storage.erased_at is not None:
        erased = f"was erased at {format_time(storage.erased_at)} (erasure {storage.erasure})"
        session.print_note(f"The personal data of this order {erased}: names, values and texts are empty.")


def _submission_remark(details: OrderDetails) -> str:
    if details.submission is None:
        return "`--live` asks the order itself."
    return f"This is submission {details.submission.number}, {'' if details.is_current else 'not '}the latest one."


def _place(details: OrderDetails, provenance: Provenance) -> str:
    if details.storage is not None and details.storage.archive_file is not None:
        return f"From the archive (file {details.storage.archive_file})"
    return f"From the ledger{_age(provenance)}"


def _age(provenance: Provenance) -> str:
    lag = provenance.lag_seconds or 0.0
    if not provenance.is_fed:
        as_of = f", as of {format_time(provenance.as_of)}" if lag else ""
        return f"{as_of}; no worker writes to it now"
    return f", {format_elapsed(round(lag, 1))} behind" if lag >= LAG_SHOWN else ", up to date"

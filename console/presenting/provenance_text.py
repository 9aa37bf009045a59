"""How current a list is, in a few words."""

from __future__ import annotations

from typing import NamedTuple

from operations.reading.provenance import Provenance
from views.shared.time_format import format_elapsed

MAX_LAG_SECONDS = 10.0
"""A list that is older is marked."""


class ProvenanceText(NamedTuple):
    text: str
    is_old: bool


def provenance_text(provenance: Provenance) -> ProvenanceText:
    if provenance.ledger_failure:
        return ProvenanceText("The ledger does not answer. From Temporal, with less detail", True)
    if provenance.source == "visibility":
        return ProvenanceText("Without a ledger: from Temporal, with less detail", False)
    lag = provenance.lag_seconds
    if not provenance.is_fed:
        return ProvenanceText("No worker writes to the ledger. What happened since is missing", True)
    if lag is not None and lag > MAX_LAG_SECONDS:
        return ProvenanceText(f"{format_elapsed(round(lag))} behind", True)
    return ProvenanceText("Up to date", False)

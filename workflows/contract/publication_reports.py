"""What a worker reports of published versions (workflows/contract/publication_messages.py)."""

from __future__ import annotations

from activity_contract.payloads import WireModel


class RefusedPublication(WireModel):
    """A published version that a worker cannot use. The catalogue before it stays in force there."""

    number: int
    problems: list[str]
    """The first ones, shortened."""
    more: int = 0


class CandidateVerdict(WireModel):
    """Whether a worker can take a version that is about to be published."""

    candidate: str
    """The run id of the candidate's workflow."""
    problems: list[str] = []
    """Empty: it can. The first ones, shortened."""
    more: int = 0


class PublicationReport(WireModel):
    """Part of a worker's CatalogueReport. None there: the worker runs an earlier release."""

    number: int | None = None
    """In force here. None: the worker has its own files, or the last good ones, in force."""
    refused: RefusedPublication | None = None
    verdict: CandidateVerdict | None = None

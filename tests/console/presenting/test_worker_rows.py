"""What workers have in force, and what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from compiler.load_catalogue import define_complete
from compiler.source.yaml_reader import read_documents
from console.presenting.catalogue.overview import in_force, refusals, worker_rows
from operations.publishing.catalogue_in_force import CatalogueInForce
from workflows.contract.catalogue_messages import RefusedEdit, StoredContent, WorkerCatalogue
from workflows.contract.publication_messages import Publication
from workflows.contract.publication_reports import PublicationReport, RefusedPublication

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DEFINITIONS = define_complete(
    read_documents("kind: commercial_product\nid: offer\nsteps: {a: {milestone: true}}\n", "offer.yaml")
)
VERSION = DEFINITIONS.catalogue.version
PUBLICATION = Publication(
    number=7,
    version=VERSION,
    digest="d",
    content=StoredContent(version=VERSION, digest="d", pieces=1),
    by="ann",
    reason="because",
    at=NOON,
)


def worker(name: str, folder: str = "/srv/a", **further: Any) -> WorkerCatalogue:
    values: dict[str, Any] = {"publications": PublicationReport(number=7), **further}
    return WorkerCatalogue(worker=name, definitions=folder, version=VERSION, since=NOON, reported_at=NOON, **values)


def test_a_worker_that_differs_from_what_is_published_is_told() -> None:
    found = CatalogueInForce(DEFINITIONS, PUBLICATION, NOON)
    refused = PublicationReport(number=6, refused=RefusedPublication(number=7, problems=["no BILLING_URL"], more=2))
    workers = [
        worker("good"),
        worker("old", publications=None),
        worker("slow", publications=PublicationReport(number=6)),
        worker("poor", publications=refused),
    ]
    states = {row.worker: (row.state, row.tone) for row in worker_rows(workers, found)}
    assert states == {
        "good": ("in force", "good"),
        "old": ("runs an earlier release, which takes no published versions", "bad"),
        "slow": ("has not taken version 7", "warn"),
        "poor": ("has not taken version 7", "bad"),
    }
    (refusal,) = refusals(workers)
    assert refusal.title.startswith("Worker poor refuses version 7")
    assert ([each.message for each in refusal.findings], refusal.more) == (["no BILLING_URL"], 2)
    shown = in_force(found)
    assert (shown.title, shown.number, shown.by, shown.sizes) == (
        "Version 7",
        7,
        "ann",
        "1 offer, 0 technical products, 1 workstream, 0 systems",
    )


def test_a_refused_edit_of_a_folder_is_told_once() -> None:
    edit = RefusedEdit(since=NOON, findings=["/srv/a/offer.yaml:3:1: `x` is wrong [type-wrong]"])
    own = PublicationReport()
    workers = [worker(name, refused=edit, publications=own) for name in ("one", "two")]
    workers.append(worker("other", "/srv/b", publications=own))
    (refusal,) = refusals(workers)
    (finding,) = refusal.findings
    assert (finding.place, finding.message, finding.code) == ("offer.yaml:3:1", "`x` is wrong", "type-wrong")
    rows = worker_rows(workers, CatalogueInForce(DEFINITIONS, None, NOON))
    assert [row.tone for row in rows] == ["warn", "warn", "good"]

"""What the definitions in force should expect, from how long steps really took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from temporalio.testing import WorkflowEnvironment

from catalogue_store.publications import PublicationStore
from compiler.catalogue_files import CatalogueFiles
from compiler.load_catalogue import define_complete
from compiler.source.yaml_reader import read_documents
from console.presenting.catalogue.places import PlaceNames
from console.presenting.reports.durations import durations_page, suggestion_texts
from ledger.reports.expected_suggestions import suggest
from ledger.reports.model.duration_report import DurationReport, StepDurations
from ledger.reports.model.report import Spread
from operations.access.roles import Role
from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from tests.support.console.site import console_over, site_settings
from tests.support.ledger.filled_ledgers import FilledLedger
from workflows.contract.publication_messages import Publication

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OFFER = """
kind: commercial_product
id: visit
steps:
  check:
    manual: {queue: desk, instructions: Check it}
    expected: 2h
  wait:
    after: [check]
    manual: {queue: desk, instructions: Wait for it}
"""


def report(took: float, over: int) -> DurationReport:
    row = StepDurations(
        workstream="visit",
        step="visit.check",
        name="Check",
        kind="manual",
        took=Spread(count=100, p50=took, p90=took * 2, longest=took * 3),
        expected=7200,
        over_expected=over,
    )
    return DurationReport(since=NOON, until=NOON + timedelta(days=1), product=None, steps=[row], workstreams=[])


def test_a_line_to_copy_names_its_place_and_why() -> None:
    catalogue = define_complete(read_documents(OFFER, "/srv/definitions/visit.yaml")).catalogue
    (suggestion,) = suggestion_texts(suggest(report(21_700, 98), catalogue), PlaceNames(["/srv/definitions"]))
    assert (suggestion.line, suggestion.place, suggestion.by_hand) == ("expected: 6h", "visit.yaml:7", False)
    assert suggestion.why == "instead of 2h; half of 100 took up to 6 h 1 min"
    page = durations_page(report(21_700, 98))
    assert (page.steps[0].is_over, page.over_count, page.steps[0].over) == (True, 1, "98 %")
    span = page.steps[0].span
    assert span.expected is not None
    assert span.expected < span.p50 < span.p90 < span.longest
    assert suggestion_texts(suggest(report(7_300, 52), catalogue), PlaceNames()) == []


SHIPMENT = """
kind: commercial_product
id: shipment
steps:
  ship:
    name: Ship
    manual: {queue: desk, instructions: Ship it}
    expected: 10s
"""
"""A step that the orders of the filled ledger have, too; there it takes about an hour."""


async def test_the_page_lists_the_lines_to_write(
    filled: FilledLedger, temporal: WorkflowEnvironment, tmp_path: Path
) -> None:
    task_queue = f"suggestions-{uuid4().hex[:8]}"
    store, files = PublicationStore(temporal.client, task_queue), CatalogueFiles((("shipment.yaml", SHIPMENT),))
    version = define_complete(files.read_documents()).catalogue.version
    content = await store.write_files(version, files.pack())
    await store.put_in_force(
        Publication(number=1, version=version, digest=files.digest, content=content, by="ann", reason="x", at=NOON)
    )
    ledger = LedgerAccess({"ORDO_LEDGER_URL": filled.engine.url.render_as_string(hide_password=False)})
    try:
        async with console_over(OrderClient(temporal.client, task_queue, ledger), site_settings(tmp_path)) as site:
            visitor = await site.visitor(Role.VIEWER)
            page = await visitor.page("/reports/durations", since="2026-09-01", until="2026-11-01")
    finally:
        ledger.close()
    assert "1 line to change" in page
    assert '<td class="id quiet">shipment.yaml:8</td>' in page
    assert "instead of 10s; half of " in page
    assert 'data-copy="expected: ' in page
    assert '<line class="expected"' in page

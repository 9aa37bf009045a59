"""What the definitions in force should expect, from how long steps really took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from compiler.load_catalogue import define_complete
from compiler.source.yaml_reader import read_documents
from console.presenting.catalogue.places import PlaceNames
from console.presenting.reports.durations import durations_page, suggestion_texts
from ledger.reports.expected_suggestions import suggest
from ledger.reports.model.duration_report import DurationReport, StepDurations
from ledger.reports.model.report import Spread

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

"""Suggested `expected` values: what is suggested, and that the diff can be applied."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compiler.catalogue.catalogue import Catalogue
from compiler.language.durations import parse_duration
from compiler.load_catalogue import load_catalogue
from ledger.reports.expected_durations import expected_durations
from ledger.reports.expected_suggestions import round_duration, suggest, unified_diff
from ledger.reports.model.duration_report import DurationReport, StepDurations
from ledger.reports.model.report import Spread

DEFINITION = """\
kind: commercial_product
id: visit
steps:
  book:
    name: Book it
    manual: {queue: field}
  drive: {manual: {queue: field}, after: [book]}
  install:
    manual: {queue: field}
    after: [drive]
    expected: "1d"          # by experience
  check:
    manual: {queue: field}
    after: [install]
    expected: 2d 12h
  pause:
    wait: {for: 3d}
    after: [check]
  paid:
    event: {name: paid}
    expected: "${order.priority > 2 ? '2d' : '1d'}"
    after: [pause]
"""
NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "visit.yaml").write_text(DEFINITION)
    return load_catalogue(Path("definitions"))


def report_of(catalogue: Catalogue, count: int = 100, over: float = 0.9, **p50: timedelta) -> DurationReport:
    expected = expected_durations(catalogue)
    steps = [
        StepDurations(
            workstream="visit",
            step=f"visit.{step}",
            name=step,
            kind="manual",
            took=Spread(count=count, p50=took.total_seconds(), p90=1e6, longest=1e6),
            expected=expected[f"visit.{step}"].total_seconds() if f"visit.{step}" in expected else None,
            over_expected=int(over * count) if f"visit.{step}" in expected else None,
        )
        for step, took in p50.items()
    ]
    return DurationReport(since=NOW, until=NOW, product=None, steps=steps, workstreams=[])


HOURS_9 = timedelta(hours=9, minutes=13)


def test_the_diff_changes_what_is_written_and_adds_what_is_not(catalogue: Catalogue, tmp_path: Path) -> None:
    report = report_of(
        catalogue, book=HOURS_9, drive=HOURS_9, install=HOURS_9, check=HOURS_9, pause=HOURS_9, paid=HOURS_9
    )
    found = suggest(report, catalogue)
    assert [(each.step, each.location.line, each.line, each.is_written) for each in found] == [
        ("visit.book", 4, "expected: 9h", False),
        ("visit.drive", 7, "expected: 9h", False),
        ("visit.install", 11, "expected: 9h", True),
        ("visit.check", 15, "expected: 9h", True),
    ]
    assert [each.step for each in found if each.change is None] == ["visit.drive"]
    diff = "".join(unified_diff(found, catalogue))
    subprocess.run(["git", "apply", "-"], input=diff, text=True, check=True, cwd=tmp_path)
    text = (tmp_path / "definitions" / "visit.yaml").read_text()
    assert "    expected: 9h          # by experience\n" in text
    assert "    name: Book it\n    expected: 9h\n" in text
    changed = expected_durations(load_catalogue(Path("definitions")))
    nine = timedelta(hours=9)
    assert [changed[f"visit.{step}"] for step in ("book", "install", "check")] == [nine, nine, nine]


@pytest.mark.parametrize(
    ("count", "over", "took"),
    [
        (19, 1.0, HOURS_9),  # too few
        (100, 0.55, HOURS_9),  # may be chance
        (100, 0.9, timedelta(hours=26)),  # nearly what is expected
    ],
)
def test_nothing_is_suggested_without_enough_reason(
    catalogue: Catalogue, count: int, over: float, took: timedelta
) -> None:
    assert suggest(report_of(catalogue, count, over, install=took), catalogue) == []
    assert suggest(report_of(catalogue, 100, 0.9, install=HOURS_9), catalogue) != []


@pytest.mark.parametrize(
    ("took", "rounded"),
    [
        ("200ms", "1s"),
        ("7s", "7s"),
        ("43s", "45s"),
        ("3m 40s", "4m"),
        ("47m", "45m"),
        ("2h 40m", "2h 45m"),
        ("9h 29m", "9h"),
        ("1d 20h", "2d"),
        ("16d 13h", "17d"),
    ],
)
def test_durations_are_rounded_to_what_people_write(took: str, rounded: str) -> None:
    assert round_duration(parse_duration(took)) == parse_duration(rounded)

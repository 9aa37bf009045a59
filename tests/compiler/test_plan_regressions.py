"""Mistakes of plans that were found by comparing them with the language, taken literally; each stays mended."""

from __future__ import annotations

from pathlib import Path

from compiler.findings import Finding
from tests.compiler.sketch import catalogue_of, line, only, rejected, sketch


def test_only_first_steps_wait_for_lines_relied_on_however_many_come_after_them_by_way_of_others(
    tmp_path: Path,
) -> None:
    """`net.mid` serves no line of the region, and stands between the sites' beginnings and their ends."""
    catalogue = catalogue_of(
        tmp_path,
        """
        kind: commercial_product
        id: net
        steps: {mid: {milestone: true, after: [site.begin]}}
        ---
        {kind: commercial_product, id: region}
        ---
        kind: commercial_product
        id: site
        steps: {begin: {milestone: true}, end: {milestone: true, after: [net.mid]}}
        ---
        kind: commercial_product
        id: head
        steps: {ready: {milestone: true}}
        """,
    )
    sites = [line(f"1.1.{number}", "site") for number in range(1, 10)]
    region = line("1.1", "region", relies_on=["2"], lines=sites)
    plan = sketch(catalogue, line("1", "net", lines=[region]), line("2", "head"))
    for site in sites:
        assert plan.after[f"site.begin@{site['id']}"] == {"head.ready@2"}
        assert plan.after[f"site.end@{site['id']}"] == {"net.mid@1"}


def test_half_a_character_among_the_lines_relied_on_is_told_of(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path,
        """
        kind: commercial_product
        id: site
        steps: {begin: {milestone: true}}
        """,
    )
    findings: list[Finding] = rejected(catalogue, line("1", "site", relies_on=["\ud800"]))
    only(findings, "value-invalid")
    assert findings[0].model_dump_json()

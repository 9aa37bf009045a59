"""Mistakes of plans that were found by comparing them with the language, taken literally; each stays mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.source.findings import Finding
from tests.support.compiler.plan_sketch import catalogue_of, line, only, rejected, sketch


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


@pytest.mark.parametrize("both", ["a.x, a.y", "a.y, a.x"])
def test_what_stands_in_for_absent_steps_is_complete_whichever_is_asked_for_first(both: str, tmp_path: Path) -> None:
    """`a.x` stands in for `a.y`, and both for `o.lost`; neither is in the plan, and `b.go` is what is left of them."""
    catalogue = catalogue_of(
        tmp_path,
        f"""
        kind: commercial_product
        id: o
        decomposes_to: [{{product: a, when: quantity > 1}}, {{product: b}}]
        steps:
          lost: {{milestone: true, actions: [delete], after: [{both}]}}
          one: {{milestone: true, after: [lost]}}
          then: {{milestone: true, after: [one, a.y]}}
        ---
        kind: technical_product
        id: a
        steps: {{x: {{milestone: true, after: [b.go]}}, y: {{milestone: true, after: [x]}}}}
        ---
        kind: technical_product
        id: b
        steps: {{go: {{milestone: true}}}}
        """,
    )
    plan = sketch(catalogue, line("1", "o"))
    assert plan.after["o.one@1"] == {"b.go@1"}
    assert plan.after["o.then@1"] == {"o.one@1", "b.go@1"}

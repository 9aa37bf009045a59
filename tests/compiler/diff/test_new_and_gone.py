"""What came with a new offer, what went with one that is gone, and what is new without any order noticing."""

from __future__ import annotations

import pytest

from compiler.diff.change import CatalogueDiff, ChangeKind, Effect, Severity
from tests.support.compiler.catalogue_diffs import diff_texts, edited

BEFORE = """
kind: commercial_product
id: alarm
decomposes_to: [{product: hub}]
---
kind: technical_product
id: hub
steps: {ship: {call: {system: stock, post: /ships}}}
---
kind: system
id: stock
base_url: http://stock.example
"""
PRINT = """
---
kind: commercial_product
id: poster
decomposes_to: [{product: sheet}]
---
kind: technical_product
id: sheet
class: paper
decomposes_to: [{product: frame}]
---
kind: technical_product
id: frame
---
kind: product_class
id: paper
attributes: {size: {type: string, default: A4}}
---
kind: workstream
id: printing
for: [sheet, frame]
steps: {print: {call: {system: press, post: /jobs}, retry: patient}}
---
kind: system
id: press
base_url: http://press.example
---
kind: retry
id: patient
intervals: [1h]
"""
PARTS = {"sheet", "frame", "paper", "printing", "press", "patient"}


def parts(diff: CatalogueDiff) -> dict[str, str]:
    return {change.subject.id: change.part_of for change in diff.changes if not change.path}


def test_everything_that_only_a_new_offer_uses_is_part_of_it() -> None:
    diff = diff_texts(BEFORE, BEFORE + PRINT)
    assert parts(diff) == {"poster": ""} | dict.fromkeys(PARTS, "poster")
    assert {(change.severity, change.effect) for change in diff.changes} == {(Severity.NEW, Effect.NONE)}
    assert (diff.severity, diff.trials) == (Severity.NEW, 0)


def test_everything_that_only_an_offer_used_goes_with_it() -> None:
    diff = diff_texts(BEFORE + PRINT, BEFORE)
    assert parts(diff) == {"poster": ""} | dict.fromkeys(PARTS, "poster")
    assert diff.severity is Severity.BREAKING


@pytest.mark.parametrize(
    ("before", "after", "own"),
    [
        ("[{product: hub}]", "[{product: hub}, {product: frame}]", {"frame", "printing", "press", "patient"}),
        ("system: stock, post: /ships", "system: press, post: /ships", {"press"}),
        ("post: /ships}}", "post: /ships}, retry: patient}", {"patient"}),
    ],
)
def test_what_a_known_definition_uses_too_is_told_for_itself(before: str, after: str, own: set[str]) -> None:
    found = parts(diff_texts(BEFORE, edited(BEFORE, before, after) + PRINT, try_out=False))
    assert {name for name, offer in found.items() if not offer} == {"poster", *own}


def test_what_two_new_offers_use_is_told_for_itself() -> None:
    second = "---\nkind: commercial_product\nid: card\ndecomposes_to: [{product: frame}]\n"
    found = parts(diff_texts(BEFORE, BEFORE + PRINT + second))
    assert {name for name, offer in found.items() if not offer} == {
        "poster",
        "card",
        "frame",
        "printing",
        "press",
        "patient",
    }


@pytest.mark.parametrize(
    ("definition", "severity"),
    [
        ("kind: workstream\nid: polish\nfor: [hub]\nsteps: {go: {milestone: true}}\n", Severity.BEHAVIOUR),
        ("kind: receiver\nid: audit\nurl: http://audit.example\nevents: [order.completed]\n", Severity.BEHAVIOUR),
        ("kind: retry\nid: standard\nintervals: [1h]\n", Severity.BEHAVIOUR),
        ("kind: retry\nid: patient\nintervals: [1h]\n", Severity.NEW),
        ("kind: system\nid: press\nbase_url: http://press.example\n", Severity.NEW),
        ("kind: technical_product\nid: cable\nsteps: {go: {milestone: true}}\n", Severity.NEW),
    ],
)
def test_new_definition_that_known_orders_notice_is_a_change_of_behaviour(definition: str, severity: Severity) -> None:
    (change,) = diff_texts(BEFORE, f"{BEFORE}---\n{definition}").changes
    assert (change.kind, change.severity) == (ChangeKind.ADDED, severity)

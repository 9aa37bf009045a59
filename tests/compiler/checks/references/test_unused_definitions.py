"""Warnings of classes, systems and retry policies that nothing names."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import all_findings_of, assert_warning

OFFER = "kind: commercial_product\nid: offer\nsteps: {go: {milestone: true}}\n---\n"
SYSTEM = "kind: system\nid: «billing\nbase_url: http://billing.example\n---\n"
POLICY = "kind: retry\nid: «slow\nintervals: [1h]\n---\n"
CALL = "kind: commercial_product\nid: offer\nquantity: one\nsteps: {go: {%s}}\n---\n"


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (SYSTEM, "no step calls system `billing`"),
        (POLICY, "nothing retries by `slow`"),
        ("kind: product_class\nid: «base\n", "no product has `class: base`"),
    ],
)
def test_definition_that_nothing_names_is_a_warning(definition: str, words: str) -> None:
    assert_warning(OFFER + definition, "definition-unused", words)


@pytest.mark.parametrize(
    "step",
    [
        "call: {system: billing, get: /x}",
        "activity: x, undo: {call: {system: billing, delete: /x}}",
        "activity: x, on_change: {call: {system: billing, patch: /x}}",
    ],
)
def test_every_call_uses_a_system(step: str) -> None:
    assert all_findings_of(SYSTEM + CALL % step) == []


@pytest.mark.parametrize(
    "step",
    [
        "activity: x, retry: slow",
        "activity: x, undo: {activity: y, retry: slow}",
        "activity: x, on_failure: {do: fallout, retry: slow}",
    ],
)
def test_every_retry_uses_a_policy(step: str) -> None:
    assert all_findings_of(POLICY + CALL % step) == []


def test_systems_and_receivers_use_policies() -> None:
    called = CALL % "call: {system: billing, get: /x}"
    assert all_findings_of(POLICY + SYSTEM.replace("---", "retry: slow\n---") + called) == []
    receiver = "kind: receiver\nid: crm\nurl: http://crm.example\nevents: order.*\nretry: slow\n"
    assert all_findings_of(POLICY + OFFER + receiver) == []


def test_standard_policy_is_always_used() -> None:
    assert all_findings_of(POLICY.replace("slow", "standard") + OFFER) == []

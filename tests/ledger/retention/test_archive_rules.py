"""Rules of retention, as settings and options write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.retention.archive_rules import ArchiveRule, RuleInvalid, parse_age, parse_rules, parse_state, rules_for
from workflows.contract.states import ENDED_ORDER_STATES, OrderState


def test_the_setting_gives_each_state_its_age() -> None:
    assert parse_rules("completed=2y, rejected=90d,") == [
        ArchiveRule(OrderState.COMPLETED, timedelta(days=730)),
        ArchiveRule(OrderState.REJECTED, timedelta(days=90)),
    ]


@pytest.mark.parametrize(("text", "days"), [("2y", 730), ("0.5y", 182.5), ("90d", 90), ("12w", 84), ("P3D", 3)])
def test_ages(text: str, days: float) -> None:
    assert parse_age(text) == timedelta(days=days)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("completed", "It looks like `completed=2y, rejected=90d`"),
        ("completed=soon", "`soon` is not an age"),
        ("in_progress=2y", "`in_progress` is not a state in which an order has ended: cancelled, completed"),
        ("completed=2y,completed=3y", "names `completed` twice"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(RuleInvalid, match=message):
        parse_rules(text)


def test_without_states_a_rule_is_for_all_ends_of_orders() -> None:
    assert {rule.state for rule in rules_for((), timedelta(days=1))} == ENDED_ORDER_STATES
    assert [rule.state for rule in rules_for([parse_state("failed")], timedelta(days=1))] == [OrderState.FAILED]

"""Which orders are archived: by how they ended, and how long ago. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from compiler.language.durations import parse_duration
from workflows.contract.states import ENDED_ORDER_STATES, OrderState

RETENTION_SETTING = "ORDO_LEDGER_RETENTION"
_YEARS = re.compile(r"([0-9]+(?:\.[0-9]+)?)y")
_EXAMPLE = "`completed=2y, rejected=90d`"


class RuleInvalid(Exception):
    """The message says what is wrong and how to write it."""


@dataclass(frozen=True)
class ArchiveRule:
    """Orders in `state` that ended more than `older_than` ago."""

    state: OrderState
    older_than: timedelta


def parse_age(text: str) -> timedelta:
    """`2y` (365 days each), or a duration such as `90d` or `12w`. Raises RuleInvalid."""
    text = text.strip()
    if years := _YEARS.fullmatch(text):
        return timedelta(days=365 * float(years[1]))
    try:
        return parse_duration(text)
    except (ValueError, OverflowError):
        raise RuleInvalid(f"`{text}` is not an age: write for example 2y, 90d or 12w") from None


def parse_state(text: str) -> OrderState:
    """Raises RuleInvalid unless it is a state in which an order has ended."""
    names = sorted(state.value for state in ENDED_ORDER_STATES)
    if text.strip() not in names:
        raise RuleInvalid(f"`{text.strip()}` is not a state in which an order has ended: {', '.join(names)}")
    return OrderState(text.strip())


def parse_rules(text: str) -> list[ArchiveRule]:
    """The setting: `completed=2y, cancelled=1y, rejected=90d`. Raises RuleInvalid."""
    rules = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        state, equals, age = part.partition("=")
        if not equals:
            raise RuleInvalid(f"{RETENTION_SETTING} has `{part}`. It looks like {_EXAMPLE}")
        rules.append(ArchiveRule(parse_state(state), parse_age(age)))
    states = [rule.state for rule in rules]
    if twice := next((state for state in states if states.count(state) > 1), None):
        raise RuleInvalid(f"{RETENTION_SETTING} names `{twice}` twice")
    return rules


def rules_for(states: Iterable[OrderState], older_than: timedelta) -> list[ArchiveRule]:
    """The same age for all `states`; without any, for every state in which an order has ended."""
    chosen = dict.fromkeys(states) or dict.fromkeys(sorted(ENDED_ORDER_STATES))
    return [ArchiveRule(state, older_than) for state in chosen]

"""The circuit breaker: each transition, the pauses between probes, and the ramp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.contract.switch_messages import SwitchState
from workflows.core.systems.circuit_breaker import (
    INITIAL_PAUSE,
    MAX_PAUSE,
    RAMP_INTERVAL,
    RAMP_RATES,
    Switch,
    SwitchEvent,
    SwitchTrigger,
    apply_trigger,
    probe_pause,
    ramp_up,
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def happened(event: str, by: str | None = None, reason: str = "") -> SwitchTrigger:
    return SwitchTrigger(event=SwitchEvent(event), by=by, reason=reason)


ROWS = [
    ("closed", "tripped", "open"), ("closed", "alive", "closed"), ("closed", "dead", "closed"),
    ("closed", "ramped", "closed"), ("closed", "off", "off"), ("closed", "on", "closed"),
    ("open", "tripped", "open"), ("open", "alive", "half_open"), ("open", "dead", "open"),
    ("open", "ramped", "open"), ("open", "off", "off"), ("open", "on", "half_open"),
    ("half_open", "tripped", "open"), ("half_open", "alive", "half_open"), ("half_open", "dead", "half_open"),
    ("half_open", "ramped", "closed"), ("half_open", "off", "off"), ("half_open", "on", "half_open"),
    ("off", "tripped", "off"), ("off", "alive", "off"), ("off", "dead", "off"),
    ("off", "ramped", "off"), ("off", "off", "off"), ("off", "on", "half_open"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "event", "after"), ROWS)
def test_transition(before: str, event: str, after: str) -> None:
    switch = Switch(state=SwitchState(before), by="before")
    changed = apply_trigger(switch, happened(event, "ann", "why"), NOW)
    assert changed.state == after
    if before != after:
        assert (changed.since, changed.by, changed.reason) == (NOW, "ann", "why")
    else:
        assert changed.by == "before"


def test_transitions_are_tested_for_every_state_and_event() -> None:
    assert {(row[0], row[1]) for row in ROWS} == set(product(SwitchState, SwitchEvent))


@pytest.mark.parametrize(
    ("state", "rate"), [("closed", None), ("open", 0.0), ("off", 0.0), ("half_open", RAMP_RATES[0])]
)
def test_rate_of_each_state(state: str, rate: float | None) -> None:
    assert Switch(state=SwitchState(state)).rate == rate


def test_pause_between_probes_doubles_up_to_the_maximum() -> None:
    switch = apply_trigger(Switch(), happened("tripped", reason="503"), NOW)
    pauses = []
    now = NOW
    for _ in range(20):
        assert switch.next_at is not None
        pauses.append(switch.next_at - now)
        now = switch.next_at
        switch = apply_trigger(switch, happened("dead"), now)
    assert pauses[:3] == [INITIAL_PAUSE, 2 * INITIAL_PAUSE, 4 * INITIAL_PAUSE]
    assert pauses[-1] == MAX_PAUSE
    assert (switch.since, switch.error) == (NOW, "503")


def test_system_that_fails_again_is_probed_less_often() -> None:
    switch = apply_trigger(Switch(), happened("tripped"), NOW)
    for round_ in range(1, 4):
        switch = apply_trigger(apply_trigger(switch, happened("alive"), NOW), happened("tripped"), NOW)
        assert switch.next_at == NOW + probe_pause(round_)
    recovered = apply_trigger(apply_trigger(switch, happened("alive"), NOW), happened("ramped"), NOW)
    assert apply_trigger(recovered, happened("tripped"), NOW).next_at == NOW + INITIAL_PAUSE


def test_rate_rises_step_by_step_until_the_switch_closes() -> None:
    switch, now = apply_trigger(Switch(state=SwitchState.OFF), happened("on", "ann"), NOW), NOW
    rates = []
    while switch.state is SwitchState.HALF_OPEN:
        rates.append(switch.rate)
        assert switch.next_at == now + RAMP_INTERVAL
        now += RAMP_INTERVAL
        switch = ramp_up(switch, now, limit_reached=False)
    assert rates == list(RAMP_RATES)
    assert (switch.state, switch.rate, switch.next_at) == (SwitchState.CLOSED, None, None)


def test_ramp_ends_at_the_systems_own_limit() -> None:
    switch = apply_trigger(Switch(state=SwitchState.OFF), happened("on"), NOW)
    assert ramp_up(switch, NOW, limit_reached=True).state is SwitchState.CLOSED


@pytest.mark.parametrize("state", ["closed", "open", "off"])
def test_only_a_half_open_switch_has_a_ramp(state: str) -> None:
    switch = Switch(state=SwitchState(state))
    assert ramp_up(switch, NOW, limit_reached=False) is switch


@given(st.lists(st.sampled_from([*SwitchEvent, "time"]), max_size=40))
def test_only_a_person_switches_on_what_a_person_has_switched_off(
    events: list[str],
) -> None:
    switch, now, off = Switch(), NOW, False
    for event in events:
        now += SECOND
        switch = (
            ramp_up(switch, now, limit_reached=False)
            if event == "time"
            else apply_trigger(switch, happened(event), now)
        )
        off = event == SwitchEvent.OFF or (off and event != SwitchEvent.ON)
        assert (switch.state is SwitchState.OFF) == off
        moves_by_itself = switch.state in (SwitchState.OPEN, SwitchState.HALF_OPEN)
        assert (switch.next_at is not None) == moves_by_itself

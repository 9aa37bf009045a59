"""Receivers as a worker reaches them, and which events they get."""

from __future__ import annotations

from typing import Any

import pytest

from activities.compilation.compile_order import notification_filter
from activities.notifications.delivery_outcome import DEFAULT_RETRY
from activities.notifications.receiver_matching import accepts_event
from activities.notifications.resolved_receiver import resolve_receivers
from activity_contract.notifications import NotificationEvent, NotificationFilter, NotificationOrder
from compiler.catalogue.catalogue import Catalogue
from compiler.language.retry_policy import STANDARD_RETRY
from compiler.language.systems import Receiver

ORDER = NotificationOrder(id="O-1", customer={"id": "C-1", "tier": "gold"}, products=["gate"])
LATE = NotificationEvent(id="O-1/1", number=1, type="step.late", at=0.0, data={"step": "gate.lock@1"})


def catalogue(**receiver: Any) -> Catalogue:
    made = Receiver(**{"id": "crm", "url": "https://crm.example/hook", "events": ["order.*"], **receiver})
    return Catalogue("sha256:test", {}, {}, {}, {}, {"standard": STANDARD_RETRY}, receivers={"crm": made})


def problems(environment: dict[str, str] | None = None, **receiver: Any) -> list[str]:
    return resolve_receivers(catalogue(**receiver), environment or {})[1]


def test_environment_variables_are_filled_in() -> None:
    made = catalogue(url="${env.HOOK}", headers={"X-Tenant": "${env.TENANT}"}, timeout="${env.SECONDS}s")
    found, lacking = resolve_receivers(
        made, {"HOOK": "https://crm.example/a/b?key=1", "TENANT": "north", "SECONDS": "5"}
    )
    assert lacking == []
    assert found["crm"].url == "https://crm.example/a/b?key=1"
    assert found["crm"].endpoint.headers == {"X-Tenant": "north"}
    assert (found["crm"].timeout, found["crm"].retry) == (5.0, DEFAULT_RETRY)


@pytest.mark.parametrize(
    ("receiver", "said"),
    [
        ({"url": "${env.HOOK}"}, "receiver crm: the environment variable HOOK is not set"),
        ({"secret": {"env": "KEY"}}, "receiver crm: the environment variable KEY, which holds a secret, is not set"),
        ({"auth": {"bearer": {"env": "T"}}}, "receiver crm: the environment variable T, which holds a secret,"),
        ({"headers": {"X-A": "${env.A}"}}, "receiver crm: the environment variable A is not set"),
        ({"timeout": "${env.T}s"}, "receiver crm: the environment variable T is not set"),
        ({"url": "ftp://x"}, "receiver crm: its url is not a valid URL: it must begin with http"),
        ({"url": "https://u:p@x/"}, "it holds a user or password"),
        ({"url": "https://x/#part"}, "its url is not a valid URL: it holds a fragment"),
        ({"url": "https://x/?a b"}, "its url is not a valid URL: it holds characters that no URL can have"),
    ],
)
def test_missing_variable_or_invalid_url_is_reported(receiver: dict[str, Any], said: str) -> None:
    assert len(problems(**receiver)) == 1
    assert said in problems(**receiver)[0]


def test_invalid_url_is_not_shown() -> None:
    said = problems({"HOOK": "ftp://x/path-is-secret"}, url="${env.HOOK}")
    assert said
    assert "path-is-secret" not in "".join(said)


def test_retry_policy_is_looked_up_and_timeout_is_limited() -> None:
    found, _ = resolve_receivers(catalogue(retry="standard", timeout="${env.T}m"), {"T": "10"})
    assert (found["crm"].retry, found["crm"].timeout) == (STANDARD_RETRY, 60.0)


@pytest.mark.parametrize(
    ("receiver", "wanted"),
    [
        ({"events": ["order.*"]}, False),
        ({"events": ["step.late"]}, True),
        ({"events": ["*"], "when": 'order.customer.tier == "silver"'}, False),
        ({"events": ["*"], "when": 'event.step == "gate.lock@1" && "gate" in order.products'}, True),
        ({"events": ["*"], "when": 'event.queue == "" && order.customer.name == ""'}, True),
        ({"events": ["*"], "when": "1 / size(event.queue) > 0"}, True),
    ],
)
def test_receiver_accepts_events_by_type_and_condition(receiver: dict[str, Any], wanted: bool) -> None:
    assert accepts_event(catalogue(**receiver).receivers["crm"], ORDER, LATE) is wanted


def test_receiver_of_an_escalation_gets_it_despite_its_filter() -> None:
    escalated = NotificationEvent(id="O-1/2", number=2, type="step.escalated", at=0.0, data={"receiver": "crm"})
    other = escalated.model_copy(update={"data": {"receiver": "other"}})
    crm = catalogue(events=["order.*"], when="false").receivers["crm"]
    assert accepts_event(crm, ORDER, escalated)
    assert not accepts_event(crm, ORDER, other)


def test_notification_filter_is_the_union_of_all_receivers() -> None:
    assert notification_filter(catalogue(events=["step.*", "order.late"])) == NotificationFilter(
        events=["order.late", "step.*", "step.escalated"], receivers=["crm"]
    )
    assert notification_filter(Catalogue("sha256:test", {}, {}, {}, {}, {})) is None

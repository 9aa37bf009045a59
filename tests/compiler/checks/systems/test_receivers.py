"""`kind: receiver`: what is taken, what is found wrong on load, and that it is nobody's version."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.language.event_types import EVENT_TYPES, matches, matches_known_type
from compiler.language.json_schema import json_schema
from compiler.language.systems import Receiver
from compiler.load_catalogue import check_definitions, load_catalogue
from compiler.source.findings import Finding

OFFER = """
kind: commercial_product
id: gate
steps:
  lock: {manual: {queue: field_ops, instructions: "Lock ${quantity}"}, sla: {duration: 1d, escalate: ESCALATE}}
"""
RECEIVER = """
kind: receiver
id: crm
url: ${env.CRM_HOOK}
events: order.*
"""


def written(folder: Path, *texts: str, escalate: str = "field_ops") -> Path:
    (folder / "catalogue.yaml").write_text("\n---\n".join((OFFER.replace("ESCALATE", escalate), *texts)))
    return folder


def found(folder: Path, *texts: str, escalate: str = "field_ops") -> list[Finding]:
    return check_definitions([written(folder, *texts, escalate=escalate)])


def test_receiver_with_all_keys_is_valid(tmp_path: Path) -> None:
    more = """auth: {bearer: {env: CRM_TOKEN}}
headers: {X-Tenant: "${env.TENANT}"}
when: order.customer.tier == "gold" && event.type.startsWith("order.") && "gate" in order.products
include: [customer]
secret: {file: /run/secrets/crm}
retry: {intervals: [1m, 1h]}
timeout: 20s
"""
    receiver = load_catalogue(written(tmp_path, RECEIVER + more)).receivers["crm"]
    assert isinstance(receiver, Receiver)
    assert receiver.events == ["order.*"]
    assert receiver.include == ["customer"]


def test_receivers_are_not_part_of_the_version(tmp_path: Path) -> None:
    version = load_catalogue(written(tmp_path)).version
    assert load_catalogue(written(tmp_path, RECEIVER)).version == version


def test_environment_overrides_keys_of_a_receiver(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    environment = tmp_path / "test.yaml"
    environment.write_text("kind: receiver\nid: crm\nurl: https://crm.test.example/hook\n")
    receiver = load_catalogue(written(folder, RECEIVER), environment).receivers["crm"]
    assert (receiver.url, receiver.events) == ("https://crm.test.example/hook", ["order.*"])


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("events: [order.done]", "event-unknown", "there is no event `order.done`"),
        ("events: [ordo.order.completed]", "event-unknown", "write `order.completed`"),
        ("events: [step.fataly_failed]", "event-unknown", "did you mean `step.fatally_failed`"),
        ("events: []", "value-invalid", ""),
        ("when: event.tpye == \"x\"", "name-unknown", "did you mean"),
        ("when: order.customer.tier", "expression-type", "true or false"),
        ("when: attributes.x == 1", "name-unknown", "known here: event, order"),
        ("when: env.X == 1", "name-not-here", "a receiver's `when` can only use `event` and `order`"),
        ("retry: patient", "reference-unknown", "there is no retry policy `patient`"),
        ("timeout: 5m", "value-invalid", "at most 60 s"),
        ("secret: topsecret", "value-invalid", "a definition must not contain a secret"),
        ("include: [everything]", "value-invalid", "customer"),
        ("method: put", "key-unknown", "method"),
    ],
)  # fmt: skip
def test_errors_in_receivers_have_a_position(tmp_path: Path, text: str, code: str, said: str) -> None:
    key = text.partition(":")[0]
    base = "\n".join(line for line in RECEIVER.splitlines() if not line.startswith(f"{key}:"))
    findings = [finding for finding in found(tmp_path, f"{base}\n{text}\n") if finding.severity == "error"]
    assert [finding.code for finding in findings] == [code]
    assert said in findings[0].message
    assert findings[0].line > 1


def test_finding_does_not_show_the_secret_of_a_receiver(tmp_path: Path) -> None:
    assert not any("topsecret" in str(finding) for finding in found(tmp_path, RECEIVER + "secret: topsecret\n"))


def test_escalate_names_a_queue_or_a_receiver(tmp_path: Path) -> None:
    assert found(tmp_path, RECEIVER) == []
    assert found(tmp_path, RECEIVER, escalate="crm") == []
    assert [finding.code for finding in found(tmp_path, RECEIVER, escalate="crn")] == ["escalation-unknown"]
    assert found(tmp_path, RECEIVER, escalate="management") == []


def test_receiver_cannot_have_the_name_of_a_queue(tmp_path: Path) -> None:
    findings = found(tmp_path, RECEIVER.replace("id: crm", "id: field_ops"))
    assert [finding.code for finding in findings] == ["escalation-ambiguous"]


def test_patterns_match_event_types() -> None:
    assert matches("order.*", "order.held")
    assert matches("*", "step.late")
    assert matches("step.late", "step.late")
    assert not matches("step.*", "order.held")
    assert not matches("step.lat", "step.late")
    assert not matches_known_type("steps.*")
    assert not matches_known_type("order")
    assert all(matches_known_type(event_type) for event_type in EVENT_TYPES)


def test_schema_of_receivers_has_descriptions() -> None:
    assert set(json_schema("receiver")["properties"]) >= {"url", "events", "when", "secret", "include", "timeout"}

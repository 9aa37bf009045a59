"""Completion, in texts as they are while somebody writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.editing.completion import complete
from compiler.editing.cursor import Position
from compiler.incremental_loader import IncrementalLoader
from tests.support.editors.cursor_text import split_cursor
from tests.support.paths import ROOT

INDEX = IncrementalLoader([ROOT / "definitions"]).load().index

OFFER = """\
kind: commercial_product
id: my_offer
attributes:
  size: {type: string, enum: [small, large], description: How big it is.}
  days: {type: integer, default: 3}
"""
TECHNICAL = """\
kind: technical_product
id: alarm_hub
attributes:
  model: {type: string, required: true}
steps:
  reserve: {call: {system: inventory, post: /reservations}}
"""


def labels(text: str) -> set[str]:
    return {item.label for item in complete(*split_cursor(text), INDEX).items}


@pytest.mark.parametrize(
    ("text", "expected", "unexpected"),
    [
        ("‸", {"kind", "lines"}, set()),
        ("kind: ‸", {"commercial_product", "retry", "scenario"}, set()),
        ("kind: retry\nma‸", {"max_attempts", "intervals"}, {"kind", "steps"}),
        ("kind: retry\nid: a\nbackoff: 2\n‸", {"max_attempts", "name"}, {"backoff", "id"}),
        (OFFER + "de‸", {"decomposes_to", "dependencies", "description"}, {"attributes"}),
        (OFFER + "decomposes_to:\n  - ‸", {"product", "when", "quantity"}, set()),
        (OFFER + "decomposes_to:\n  - product: ‸", {"alarm_hub"}, {"home_security", "my_offer"}),
        (OFFER + "decomposes_to: [{product: al‸", {"alarm_hub"}, {"home_security"}),
        (OFFER + "components:\n  - product: ‸", {"home_security"}, {"alarm_hub"}),
        (OFFER + "class: ‸", {"recurring_service"}, set()),
        (OFFER + "steps:\n  go:\n    ‸", {"call", "manual", "after", "sla"}, {"system"}),
        (OFFER + "steps:\n  go:\n    call: {system: ‸}", {"inventory", "billing"}, {"alarm_hub"}),
        (OFFER + "steps:\n  go:\n    call: {system: billing, format: ‸}", {"json", "xml"}, set()),
        (OFFER + "steps:\n  go:\n    retry: ‸", {"standard"}, set()),
        (OFFER + "steps:\n  go:\n    manual: {queue: ‸}", {"billing_desk"}, set()),
        (OFFER + "steps:\n  pay: {milestone: true}\n  go:\n    after: [‸]", {"pay", "alarm_hub.reserve"}, {"go"}),
        (
            OFFER + "steps:\n  pay: {milestone: true}\n  go:\n    after:\n      - ‸",
            {"pay", "alarm_hub.reserve"},
            {"go"},
        ),
        (OFFER + "steps:\n  go:\n    on_failure: [{redo_from: ‸}]\n  pay: {milestone: true}", {"pay"}, {"reserve"}),
        (OFFER + "dependencies:\n  ‸", {"alarm_hub.reserve"}, set()),
        (OFFER + "steps:\n  go:\n    actions: ‸", {"add", "delete"}, set()),
        (OFFER + "steps:\n  go:\n    on_failure: ‸", {"fallout", "continue"}, set()),
        (OFFER + "decomposes_to:\n  - product: security_camera\n    attributes:\n      ‸", {"model"}, {"size"}),
        ("kind: receiver\nid: r\nevents: [step.‸]", {"step.late", "step.*"}, set()),
    ],
)
def test_keys_and_ids(text: str, expected: set[str], unexpected: set[str]) -> None:
    found = labels(text)
    assert expected <= found
    assert not unexpected & found


@pytest.mark.parametrize(
    ("text", "expected", "unexpected"),
    [
        ("id: O-1\nlines:\n  - id: '1'\n    ‸", {"product", "action", "attributes"}, {"id"}),
        ("id: O-1\nlines:\n  - id: '1'\n    product: ‸", {"home_security", "HS-PKG"}, {"alarm_hub"}),
        ("id: O-1\nlines:\n  - id: '1'\n    product: HS-PKG\n    attributes:\n      ‸", {"cameras", "plan"}, set()),
        ("id: O-1\nlines: [{id: '1', product: HS-PKG, attributes: {camera_model: ‸", {"indoor", "outdoor"}, set()),
        ("id: O-1\nlines: [{id: '1', product: HS-PKG, previous: {attributes: {‸", {"cameras"}, set()),
    ],
)
def test_orders(text: str, expected: set[str], unexpected: set[str]) -> None:
    found = labels(text)
    assert expected <= found
    assert not unexpected & found


@pytest.mark.parametrize(
    ("text", "expected", "unexpected"),
    [
        (
            OFFER + "decomposes_to:\n  - {product: alarm_hub, when: ‸}",
            {"attributes", "order", "has"},
            {"steps", "lines"},
        ),
        (OFFER + "decomposes_to:\n  - product: alarm_hub\n    when: attributes.‸", {"size", "days"}, {"order"}),
        (
            OFFER + "decomposes_to:\n  - product: alarm_hub\n    when: attributes.size == '‸",
            {"small", "large"},
            {"days"},
        ),
        (OFFER + "decomposes_to:\n  - when: attributes.‸", {"size", "days"}, set()),
        (OFFER + "let:\n  price: double(attributes.‸)", {"days"}, set()),
        (OFFER + "let:\n  price: '2.0'\ndecomposes_to:\n  - {product: alarm_hub, when: let.‸}", {"price"}, set()),
        (OFFER + 'steps:\n  go:\n    call: {system: billing, post: /x, body: "${order.‸', {"customer", "id"}, set()),
        (
            OFFER + 'steps:\n  go:\n    call: {system: billing, post: /x, body: "${order.customer.‸}"}',
            {"tier"},
            {"id "},
        ),
        (OFFER + "steps:\n  pay: {milestone: true}\n  go:\n    when: steps.‸", {"pay"}, set()),
        (OFFER + "steps:\n  pay: {milestone: true}\n  go:\n    when: steps.pay.‸", {"output"}, {"outputs"}),
        (OFFER + "steps:\n  go:\n    when: workstreams.‸", {"alarm_hub", "shipment"}, set()),
        (OFFER + "steps:\n  go:\n    when: workstreams.alarm_hub.reserve.‸", {"output", "outputs"}, set()),
        (OFFER + "steps:\n  go:\n    per: ‸", {"line", "order", "attributes"}, set()),
        (OFFER + "steps:\n  go:\n    per: order\n    when: lines.exists(l, l.‸", {"attributes", "quantity"}, {"order"}),
        (
            OFFER + "steps:\n  go:\n    per: order\n    when: lines.filter(l, true).exists(x, x.attributes.‸",
            {"size"},
            set(),
        ),
        (OFFER + "steps:\n  go:\n    when: math.‸", {"ceil", "greatest"}, {"attributes"}),
        (OFFER + "steps:\n  go:\n    when: size(order.id).‸", {"startsWith"}, {"attributes"}),
        (
            OFFER + "steps:\n  go: {call: {system: billing, get: /x}, output: '${response.‸}'}",
            {"body", "status"},
            set(),
        ),
        ("kind: system\nid: s\nbase_url: ${‸}", {"env"}, {"attributes"}),
        ("kind: receiver\nid: r\nurl: http://x\nevents: ['*']\nwhen: event.‸", {"queue", "code"}, set()),
        ("kind: workstream\nid: w\nfor: [security_camera]\nwhen: attributes.‸", {"model", "surplus"}, set()),
        ("kind: workstream\nid: w\nfor: [security_camera]\nsteps:\n  go:\n    when: attributes.‸", {"model"}, set()),
    ],
)
def test_expressions(text: str, expected: set[str], unexpected: set[str]) -> None:
    found = labels(text)
    assert expected <= found
    assert not unexpected & found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with: {attributes: {‸}}", {"cameras", "plan"}),
        ("with: {attributes: {camera_model: ‸}}", {"indoor", "outdoor"}),
        ('with: {lines: {"1": {attributes: {‸', {"cameras", "plan"}),
        ("world:\n  - {on: ‸}", {"alarm_hub.reserve"}),
        ("world:\n  - {on: alarm_hub.reserve, answer: {‸", {"status", "body"}),
        ("expect: {steps: {‸", {"alarm_hub.reserve"}),
        ("expect: {order: ‸}", {"completed", "cancelled"}),
        ("expect: {lines: {security_camera@1: {attributes: {‸", {"model"}),
        ('world:\n  - {when: shipment.ship, event: x, key: "${‸', {"steps", "order"}),
    ],
)
def test_scenarios(text: str, expected: set[str]) -> None:
    whole = "kind: scenario\nid: s\norder: ../../orders/home_security.yaml\n" + text
    found = complete(*split_cursor(whole), INDEX, ROOT / "definitions/scenarios")
    assert expected <= {item.label for item in found.items}


def test_texts_complete_nothing_outside_expressions() -> None:
    assert labels(OFFER + "steps:\n  go: {call: {system: billing, post: /inv‸}}") == set()


def test_a_completion_replaces_what_is_typed() -> None:
    text, position = split_cursor(OFFER + "decomposes_to:\n  - product: alarm_hub\n    when: attributes.da‸")
    found = complete(text, position, INDEX)
    assert found.start == Position(position.line, position.column - 2)
    item = next(one for one in found.items if one.label == "days")
    assert item.detail == "integer, default 3"


def test_keys_come_with_what_they_mean() -> None:
    found = complete(*split_cursor(OFFER + "decomposes_to:\n  - ‸"), INDEX)
    product = next(one for one in found.items if one.label == "product")
    assert (product.insert, product.is_preferred) == ("product: ", True)
    assert product.documentation == "The product of the new line."


def test_in_quotes_only_the_name_is_inserted() -> None:
    found = complete(*split_cursor('{"id": "O-1", "lines": [{"id": "1", "pro‸'), INDEX)
    product = next(one for one in found.items if one.label == "product")
    assert product.insert == ""


def test_of_thousands_of_names_those_that_contain_what_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compiler.editing.completion.MAX_ITEMS", 5)
    found = complete(*split_cursor(OFFER + "steps:\n  go:\n    after: [hub.res‸]"), INDEX)
    assert [one.label for one in found.items] == ["alarm_hub.reserve"]
    assert not found.is_complete


def assert_completes_at_the_end(text: str) -> None:
    """Whatever is offered replaces text in the line of the cursor, and each thing is offered once."""
    end = Position(text.count("\n"), len(text) - text.rfind("\n") - 1)
    found = complete(text, end, INDEX)
    assert found.start.line == end.line
    assert 0 <= found.start.column <= end.column
    labels = [item.label for item in found.items]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("at", range(0, 2400, 53))
def test_shipped_files_complete_at_any_place(at: int) -> None:
    for file in ("offers/home_security.yaml", "technical/shipment.yaml", "systems.yaml"):
        assert_completes_at_the_end((ROOT / "definitions" / file).read_text()[:at])


@given(st.text(alphabet="a.:- \n{}[]\"'$()", max_size=40))
def test_no_text_is_too_broken(text: str) -> None:
    assert_completes_at_the_end(OFFER + "steps:\n  go:\n    " + text)

"""Scenarios are accepted, and what they refer to is defined."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import HUB, OFFER, assert_error, catalogue_in, findings_of

CATALOGUE = (
    OFFER + "decomposes_to: [{product: hub}]\n" + HUB + "---\nkind: system\nid: inventory\nbase_url: http://x\n---\n"
)
SCENARIO = CATALOGUE + "kind: scenario\nid: x\norder: {id: A, lines: [{id: '1', product: offer}]}\n"
EXPECTED = "expect: {order: completed}\n"


def test_scenario_with_valid_references_has_no_findings() -> None:
    text = SCENARIO + (
        "world:\n  - {on: hub.reserve, answer: {status: 503}, times: 2}\n  - {after: 2d, event: e, key: k}\n"
        "  - {when: hub.reserve@1, complete: {a: 1}}\n  - {when: {step: hub.reserve, state: ready}, hold: order}\n"
        "  - {after: 1h, system: {off: inventory}}\n  - {after: 1h, amend: {with: {attributes: {cameras: 3}}}}\n"
        "expect:\n  order: completed\n  steps: {hub.reserve: completed, hub.reserve@1: {state: completed}}\n"
        "  calls: [{system: inventory, delete: /x, times: 1}]\n  sequence: [hub.reserve, {undo: hub.reserve}]\n"
        "  events: [{type: order.completed}]\n  moments: [{after: 2d, steps: {hub.reserve: completed}}]\n"
    )
    assert [str(one) for one in findings_of(text)] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (EXPECTED + "world: [{on: «hubb.reserve, answer: {}}]", ("there is no workstream `hubb`", "`hub`")),
        (EXPECTED + "world: [{on: «hub, answer: {}}]", ("`hub` names no step", "hub.STEP")),
        (EXPECTED + "world: [{when: «hub.resrve@1, cancel: true}]", ("workstream `hub` has no step `resrve`",)),
        (EXPECTED + "world: [{when: {step: hub.x}, note: hi}]", ("workstream `hub` has no step `x`",)),
        (EXPECTED + "world: [{after: 1d, step: «hub.resrve, retry: true}]", ("`reserve`",)),
        (EXPECTED + "world: [{after: 1d, system: {off: «inventry}}]", ("there is no system `inventry`",)),
        ("expect: {steps: {«hub.resrve: completed}}", ("`reserve`",)),
        ("expect: {sequence: [hub.reserve, «hub.reserv]}", ("`reserve`",)),
        ("expect: {sequence: [«{undo: hub.reserv}]}", ("`reserve`",)),
        ("expect: {moments: [{after: 1d, steps: {«hub.resrve: completed}}]}", ("`reserve`",)),
        ("expect: {moments: [{when: «hub.resrve, order: held}]}", ("`reserve`",)),
        ("expect: {calls: [{system: «inventry}]}", ("there is no system `inventry`", "`inventory`")),
        ("expect: {calls: [{step: «hub.resrve}]}", ("`reserve`",)),
        ("expect: {notifications: [{receiver: «crm, type: order.*}]}", ("there is no receiver `crm`",)),
    ],
)
def test_unknown_name_in_a_scenario_is_reported(more: str, words: tuple[str, ...]) -> None:
    assert_error(SCENARIO + more, "reference-unknown", *words)


def test_products_in_a_scenario_may_have_id_or_code() -> None:
    order = EXPECTED + "kind: scenario\nid: x\norder: {lines: [{id: '1', product: «%s, lines: [{product: offer}]}]}\n"
    assert_error(CATALOGUE + order % "offr", "reference-unknown", "did you mean `offer`?")
    coded = CATALOGUE.replace("id: offer", "id: offer\ncode: SKU-1")
    assert findings_of(coded + (order % "SKU-1").replace("«", "")) == []


def test_order_file_of_a_scenario_must_exist() -> None:
    scenario = CATALOGUE + EXPECTED + "kind: scenario\nid: x\norder: "
    assert_error(scenario + "«../nowhere.yaml\n", "file-missing", "../nowhere.yaml")
    assert_error(scenario + "«[1]\n", "value-invalid", "the name of a file, or an order")
    assert_error(CATALOGUE + "«kind: scenario\nid: x\nexpect: {order: completed}\n", "key-missing", "`order`")


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ("«kind: scenario\nid: x\norder: {lines: []}", "key-missing", ("`expect` is missing",)),
        ("kind: scenario\nid: x\norder: {lines: []}\nexpect: «{}", "value-invalid", ("nothing would be checked",)),
    ],
)
def test_scenario_must_expect_something(more: str, code: str, words: tuple[str, ...]) -> None:
    assert_error(CATALOGUE + more, code, *words)


def test_unknown_event_type_is_reported() -> None:
    expect = "expect: {events: [{type: «order.complete}]}"
    assert_error(SCENARIO + expect, "event-unknown", "no order event `order.complete`", "`order.completed`")


@pytest.mark.parametrize(
    ("entry", "code", "words"),
    [
        ("{on: hub.reserve, answer: {body: {a: '${request.«bdy}'}}}", "name-unknown", ("did you mean `body`",)),
        ("{on: hub.reserve, answer: {body: '${«order.id}'}}", "name-not-here", ("a pretend system knows only",)),
        ("{on: hub.reserve, answer: {body: 'x«${'}}", "expression-syntax", ("not closed",)),
        ("{after: 1d, event: e, key: '${«steps.a.output}'}", "name-not-here", ("with `when`",)),
        ("{when: hub.reserve, event: e, key: '${order.«idd}'}", "name-unknown", ("did you mean `id`",)),
        ("{when: hub.reserve, callback: {a: '${1 +«}'}}", "expression-syntax", ()),
    ],
)
def test_wrong_expression_in_the_world_is_reported(entry: str, code: str, words: tuple[str, ...]) -> None:
    assert_error(SCENARIO + EXPECTED + f"world: [{entry}]", code, *words)


def test_expressions_in_the_world_may_read_request_order_and_steps() -> None:
    world = (
        "world:\n  - {on: hub.reserve, answer: {body: {a: '${request.body.x}-${number}'}}}\n"
        "  - {when: hub.reserve, event: e, key: '${steps.reserve.output.id}', payload: {b: '${order.id}'}}\n"
        "  - {when: hub.reserve, callback: {c: '${output.id}'}}\n"
    )
    assert [str(one) for one in findings_of(SCENARIO + EXPECTED + world)] == []


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (EXPECTED + "world: [«{after: 1d}]", "value-invalid", ("item 1 of `world` needs one of", "cancel")),
        (EXPECTED + "world: [{«evnt: x, after: 1d, key: y, event: x}]", "key-unknown", ("did you mean `event`",)),
        (EXPECTED + "world: [«{cancel: true}]", "value-invalid", ("say when it happens",)),
        (EXPECTED + "world: [{on: hub.reserve, answer: {«stauts: 200}}]", "key-unknown", ("did you mean `status`",)),
        (EXPECTED + "world: [{on: hub.reserve, answer: {error: «broken}}]", "value-invalid", ("timeout",)),
        ("expect: {«ordr: completed}", "key-unknown", ("did you mean `order`",)),
        ("expect: {order: «complete}", "value-invalid", ("did you mean `completed`",)),
        ("expect: {steps: {hub.reserve: «complete}}", "value-invalid", ("did you mean `completed`",)),
        ("expect: {calls: [«{times: 1}]}", "value-invalid", ("say which calls",)),
        ("expect: {took: «{at_least: 2d, at_most: 1d}}", "value-invalid", ("longer",)),
    ],
)
def test_mistake_in_a_scenario_has_one_finding(more: str, code: str, words: tuple[str, ...]) -> None:
    assert_error(SCENARIO + more, code, *words)


def test_mistake_in_a_scenario_does_not_refuse_the_catalogue() -> None:
    for mistake in ("expect: {ordr: completed}", "expect: {steps: {hub.resrve: completed}}", "world: 1"):
        assert sorted(catalogue_in(SCENARIO + mistake).products) == ["hub", "offer"]


def test_unknown_key_of_an_entry_names_the_keys_of_such_entries() -> None:
    message = assert_error(SCENARIO + EXPECTED + "world: [{on: hub.reserve, answer: {}, «code: 2}]", "key-unknown")
    assert message == "there is no key `code` here; known here: answer, of, on, times"
    message = assert_error(SCENARIO + EXPECTED + "world: [{after: 1d, set: {a: 1}, «why: x}]", "key-unknown")
    assert "known here: after, by, reason, refused, set, times, when" in message

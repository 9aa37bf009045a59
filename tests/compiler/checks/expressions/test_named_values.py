"""Findings about `let`: its expressions, its uses, cycles, and values that nothing reads."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_error, assert_warning, findings_of

OFFER = """
kind: commercial_product
id: offer
attributes:
  seats: {type: integer, default: 1}
  rate: {type: number}
  sites: {type: list, default: [], items: {type: object, properties: {seats: {type: integer, required: true}}}}
let: {%s}
decomposes_to: [{product: hub, %s}]
steps:
  bill: {activity: bill, with: {amount: "${%s}"}}
---
kind: technical_product
id: hub
attributes: {ports: {type: integer}, label: {type: string}, price: {type: number}}
steps: {go: {milestone: true}}
"""


def offer(let: str, rule: str = "when: quantity > 1", used: str = "let.a") -> str:
    return OFFER % (let, rule, used)


@pytest.mark.parametrize(
    ("let", "code", "words"),
    [
        ("a: attributes.seats «* 4.5", "expression-type", "write `double(attributes.seats)`"),
        ("a: 'round(double(attributes.seats) «* 12, 2)'", "expression-type", "write `12.0` for `12`"),
        ("a: attributes.«rate * 2.0", "value-may-be-missing", "has(attributes.rate)"),
        ("a: attributes.«seat", "name-unknown", "did you mean `seats`"),
        ("a: let.«bb, b: 1 + let.a", "name-unknown", "`let` has no `bb`"),
        ("a: 1 + «let", "name-unknown", "write which value of `let` it is"),
        ("a: «steps.bill.output.x", "name-not-here", "`steps` is only available in steps"),
        ("a: «response.status", "name-not-here", "after a call"),
        ("a: «previous.quantity", "value-may-be-missing", "only modify and delete lines"),
        ("a: «type(1)", "expression-type", "a named value is text, a number"),
        ("a: «''", "expression-syntax", "the expression is empty"),
        ("a: «let.b, b: let.c, c: let.a", "cycle-let", "a → b → c → a"),
        ("a: «let.a", "cycle-let", "a → a"),
        ("«in: 1, a: 1", "value-invalid", "reserved word"),
    ],
)
def test_wrong_named_value_is_an_error_at_its_place(let: str, code: str, words: str) -> None:
    assert_error(offer(let), code, words)


@pytest.mark.parametrize(
    ("let", "rule", "code", "words"),
    [
        ("a: 4.5", "quantity: let.a «* 2", "expression-type", "write `2.0`"),
        ("a: 4.5", "when: «let.a", "expression-type", "true or false, and gives a number"),
        ("a: 'size(attributes.sites)'", "attributes: {label: «'${let.a}'}", "expression-type", "gives an integer"),
        ("a: 1", "when: let.«b > 1", "name-unknown", "`let` has no `b`"),
        ("a: 1", "when: «a > 1", "name-unknown", "write `let.a`"),
        ("a: attributes.sites", "for_each: let.a, attributes: {ports: '${each.«seat}'}", "name-unknown", "seats"),
    ],
)
def test_uses_are_checked_against_the_type_of_the_value(let: str, rule: str, code: str, words: str) -> None:
    rule = rule.replace("«'${", "'«${")
    text = offer(let, rule).replace("'«${let.a}'", "'${«let.a}'")
    assert_error(text, code, words)


def test_product_without_let_has_no_such_name() -> None:
    text = "kind: commercial_product\nid: p\nsteps: {go: {milestone: true, when: «let.a > 1}}\n"
    assert_error(text, "name-not-here", "there is no `let` here")


@pytest.mark.parametrize(
    ("let", "rule", "used"),
    [
        ("a: let.b * 2, b: attributes.seats + 1", "quantity: let.a", "let.a"),
        ("a: 'has(attributes.rate) ? attributes.rate * 2.0 : 1.0'", "attributes: {price: '${let.a}'}", "let.a"),
        ("a: 'sum(attributes.sites.map(s, s.seats))'", "attributes: {ports: '${let.a + 1}'}", "let.a"),
        ("a: attributes.sites", "for_each: let.a, attributes: {ports: '${each.seats}'}", "size(let.a)"),
        ("a: action == 'modify' && previous.quantity > 1", "when: let.a", "let.a"),
        ("a: 4.5", "when: let.a > 1.0", "let.a"),
        ("a: 4", "attributes: {label: {from: let.a, table: {'4': four}, default: other}}", "'x'"),
        ("a: 'order.customer.tier == \"gold\" ? 1.0 : 2.0'", "when: has(let.a)", "let.a"),
    ],
)
def test_fitting_named_values_have_no_finding(let: str, rule: str, used: str) -> None:
    assert findings_of(offer(let, rule, used)) == []


def test_value_that_nothing_reads_is_a_warning() -> None:
    assert_warning(offer("a: 1, «b: let.a + 1"), "let-unused", "nothing reads `let.b`")


CLASS = """
kind: product_class
id: service
attributes: {seats: {type: integer, default: 1}}
let: {%s}
decomposes_to: [{product: hub, when: let.total > 2}]
---
kind: commercial_product
id: offer
class: service
%s
---
kind: technical_product
id: hub
steps: {go: {milestone: true}}
"""


def test_class_gives_its_named_values_to_its_products() -> None:
    used = "let: {half: let.total / 2}\nsteps: {go: {milestone: true, when: let.half > 1}}"
    assert findings_of(CLASS % ("total: attributes.seats * 3", used)) == []


def test_product_may_replace_a_value_of_its_class() -> None:
    assert findings_of(CLASS % ("total: attributes.seats * 3", "let: {total: attributes.seats * 4}")) == []


def test_replaced_value_of_another_type_breaks_the_rules_of_the_class() -> None:
    text = (CLASS % ("total: attributes.seats * 3", "let: {total: double(attributes.seats)}")).replace(" > 2", " «> 2")
    assert_error(text, "expression-type", "write `2.0`")


def test_wrong_value_of_a_class_is_told_once() -> None:
    others = "\n---\n".join(f"kind: commercial_product\nid: o{n}\nclass: service" for n in range(3))
    assert_error(CLASS % ("total: attributes.«seat * 3", f"\n---\n{others}"), "name-unknown", "seats")


WORKSTREAM = """
kind: technical_product
id: one
let: {weight: quantity * 2, first: 1}
steps: {go: {milestone: true, when: let.first > 0}}
---
kind: technical_product
id: two
let: {weight: quantity * 3}
---
kind: commercial_product
id: offer
decomposes_to: [{product: one}, {product: two}]
---
kind: workstream
id: parcel
for: [one, two]
%s
"""


@pytest.mark.parametrize(
    "text",
    [
        "when: let.weight > 1\nsteps: {go: {milestone: true}}",
        "per: let.weight\nsteps: {go: {milestone: true, when: 'sum(lines.map(l, l.let.weight)) > 3'}}",
        "let: {double: let.weight * 2}\nsteps: {go: {milestone: true, when: let.double > let.weight}}",
        "let: {weight: 7.5}\nsteps: {go: {milestone: true, when: 'lines[0].let.weight > 1.0', per: let.weight}}",
        "steps: {go: {milestone: true, per: order, when: 'lines.exists(l, has(l.let.first) && l.let.first > 1)'}}",
        "steps: {go: {activity: send, with: {lines: '${lines}'}, per: order}}",
    ],
)
def test_workstream_reads_what_all_its_products_name_and_its_own(text: str) -> None:
    assert [one for one in findings_of(WORKSTREAM % text) if one.code != "let-unused"] == []


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("steps: {go: {milestone: true, when: let.«first > 1}}", "name-unknown", "`let` has no `first`"),
        ("let: {own: 1}\nwhen: let.«own > 1\nsteps: {go: {milestone: true}}", "name-unknown", "`let` has no `own`"),
        ("let: {own: 1}\nper: let.«own\nsteps: {go: {milestone: true}}", "name-unknown", "`let` has no `own`"),
        ("steps: {go: {milestone: true, per: order, when: «let.weight > 1}}", "name-not-here", "l.let"),
        (
            "steps: {go: {milestone: true, per: order, when: 'lines.exists(l, l.let.«first > 1)'}}",
            "value-may-be-missing",
            "or name it in every product",
        ),
        (
            "let: {own: let.weight «* 1.5}\nsteps: {go: {milestone: true, when: let.own > 1.0}}",
            "expression-type",
            "double",
        ),
    ],
)
def test_workstream_cannot_read_what_may_not_be_there(text: str, code: str, words: str) -> None:
    assert_error(WORKSTREAM % text, code, words)


def test_delete_line_that_may_lack_a_named_value_is_a_warning() -> None:
    text = offer("a: attributes.kw * 2", "when: «let.a > 1").replace(
        "seats: {type: integer, default: 1}", "kw: {type: integer, required: true}"
    )
    text = text.replace(
        "steps: {go: {milestone: true}}", "steps: {go: {milestone: true}, end: {milestone: true, actions: delete}}"
    )
    assert_warning(text, "missing-on-delete", "a delete line may lack `let.a`")

"""Expressions: names, types, what may be missing; mistakes in the words of the person who made them."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import HUB, OFFER, assert_error, findings_of

WHEN = OFFER + "steps:\n  go:\n    milestone: true\n    when: %s\n"
WITH = OFFER + "steps:\n  go:\n    activity: x\n    with: {a: '%s'}\n"


@pytest.mark.parametrize(
    ("written", "code", "words"),
    [
        ("attributes.cameras «= 1", "expression-syntax", ("`=` does not compare: write `==`",)),
        ("attributes.install «and true", "expression-syntax", ("write `&&` for `and`",)),
        ("attributes.install «or true", "expression-syntax", ("write `||` for `or`",)),
        ("«not attributes.install", "expression-syntax", ("write `!` for `not`",)),
        ("attributes.cameras «<> 1", "expression-syntax", ("write `!=`",)),
        ("attributes.cameras «=== 1", "expression-syntax", ("write `==`",)),
        ("attributes.«camera > 1", "name-unknown", ("`attributes` has no `camera`", "did you mean `cameras`?")),
        ("«cameras > 1", "name-unknown", ("write `attributes.cameras`",)),
        ("attributes.model == «outdoor", "name-unknown", ("text needs quotes (`'outdoor'`)",)),
        ("attributes.install == «True", "name-unknown", ("write `true` for `True`",)),
        ("attributes.«camera-model == 1", "expression-hyphen", ("names are joined by `_`",)),
        ("attributes.cameras «> '1'", "expression-type", ("write `1` without quotes",)),
        ("attributes.cameras «* 1.5 > 2.0", "expression-type", ("write `double(attributes.cameras)`",)),
        ("attributes.rate «> 1", "expression-type", ("write `1.0` for `1`",)),
        ("attributes.cameras «&& true", "expression-type", ("needs a condition", "`attributes.cameras > 0`")),
        ("attributes.model «+ attributes.cameras == 'x1'", "expression-type", ("write `string(attributes.cameras)`",)),
        ("«attributes.cameras", "expression-type", ("must give true or false", "an integer")),
        ("«siez(order.id) > 1", "function-unknown", ("did you mean `size`?",)),
        ("order.«prioritty == 1", "name-unknown", ("did you mean `priority`?",)),
        ("has(attributes.«nte)", "name-unknown", ("did you mean `note`?",)),
        ("attributes.«note == 'x'", "value-may-be-missing", ("has(attributes.note) && …",)),
        ("(attributes.cameras > 1", "expression-syntax", ("`(` is never closed",)),
        ("attributes.cameras > 1«)", "expression-syntax", ("`)` closes nothing",)),
        ("attributes.cameras >", "expression-syntax", ("ends too early",)),
        ("'«${attributes.install}'", "expression-syntax", ("write it without `${ }`",)),
        ("«env.REGION == 'x'", "name-not-here", ("`system` and `receiver` documents",)),
        ("«lines.size() > 1", "name-not-here", ("several lines",)),
        ("«response.status == 200", "name-not-here", ("after a call",)),
        ("«each.name == 'x'", "name-not-here", ("`for_each`",)),
        ("«previous.quantity > 1", "value-may-be-missing", ("only modify and delete lines have a `previous`",)),
        ("attributes.day - «day(1) > order.requested_start", "function-unknown", ("did you mean `days`?",)),
        ("attributes.day «- 1 > order.requested_start", "expression-type", ("write `days(1)`",)),
        ("attributes.segments.exists(s, s.«nme == 'x')", "name-unknown", ("`s` has no `nme`", "`name`")),
        ("attributes.segments.exists(s, s.«vlan == 1)", "value-may-be-missing", ("has(s.vlan)",)),
        ("attributes.cameras «in [1.5]", "expression-type", ("`in` does not work",)),
        ("''", "expression-syntax", ("the expression is empty",)),
        ("3 > [1, 2].«sum()", "function-unknown", ("`sum` takes its value in brackets: write `sum([1, 2])`",)),
        ("«contains(attributes.model, 'x')", "function-unknown", ("write `attributes.model.contains('x')`",)),
        ("«math.foo(1.5) > 1.0", "function-unknown", ("no function `math.foo`", "did you mean `math.floor`?")),
        ("«ceil(1.5) > 1.0", "function-unknown", ("did you mean `math.ceil`?",)),
        ("«max(1, 2) > 1", "function-unknown", ("did you mean `math.greatest`?",)),
        ("«math.pi > 1.0", "name-unknown", ("`math` only has functions", "math.abs")),
        ("«math.round(attributes.rate, 2) > 1.0", "function-unknown", ("write `round(x, 2)`",)),
        ("math.ceil«(attributes.cameras) > 1.0", "expression-type", ("whole already",)),
        ("math.greatest(1, «'x') > 1", "expression-type", ("`math.greatest` compares numbers",)),
        ("«len(order.id) > 1", "function-unknown", ("did you mean `size`?",)),
    ],
)
def test_error_in_an_expression_is_one_finding_at_its_column(written: str, code: str, words: tuple[str, ...]) -> None:
    assert_error(WHEN % written, code, *words)


@pytest.mark.parametrize(
    "written",
    [
        "attributes.cameras > 1 && attributes.install",
        "has(attributes.note) && attributes.note == 'x'",
        "!has(attributes.note) || attributes.note == 'x'",
        "has(attributes.note) ? attributes.note == 'x' : true",
        "action == 'modify' && previous.quantity > 1",
        "double(quantity) * 1.5 > 2.0",
        "attributes.segments.exists(s, has(s.vlan) && s.vlan == 1)",
        "attributes.segments.map(s, s.name).exists(n, n == 'x')",
        "sum(attributes.segments.map(s, size(s.name))) > 3",
        "attributes.day + days(2) + hours(1) - minutes(5) > order.requested_start",
        "date(order.characteristics.day) + days(1) > attributes.day",
        "order.characteristics.anything == 'x'",
        "order.customer.tier == 'gold' && order.priority == 1",
        "attributes.model.upperAscii().startsWith('IN')",
        "math.greatest(1, attributes.cameras) > 1",
        "math.round(attributes.rate) > 1.0 && math.ceil(1.5) == 2.0 && math.abs(-2) == 2",
        "round(attributes.rate * 1.19, 2) > 1.0 && round(attributes.cameras) == 1",
        "math.floor(double(attributes.cameras)) > 1.0",
        "strings.quote(attributes.model) != ''",
    ],
)
def test_valid_expressions_have_no_findings(written: str) -> None:
    text = (WHEN % f'"{written}"').replace("when:", "actions: [add, modify]\n    when:")
    assert [str(one) for one in findings_of(text)] == []


def test_when_guards_the_expressions_next_to_it() -> None:
    step = "steps: {go: {activity: x, when: has(attributes.note), with: {a: '${attributes.note}'}}}"
    assert findings_of(OFFER + step) == []
    rule = "decomposes_to: [{product: hub, when: has(attributes.note), attributes: {label: '${attributes.note}'}}]"
    assert findings_of(OFFER + rule + HUB) == []


def test_missing_value_in_when_is_the_only_finding() -> None:
    step = "steps: {go: {activity: x, when: attributes.«note != 'x', with: {a: '${attributes.note}'}}}"
    assert_error(OFFER + step, "value-may-be-missing")


def test_previous_exists_if_actions_are_only_modify_and_delete() -> None:
    step = "steps: {go: {activity: x, actions: [%s], with: {a: '${«previous.quantity}'}}}"
    assert findings_of(OFFER + (step % "modify, delete").replace("«", "")) == []
    assert_error(OFFER + step % "add, modify", "value-may-be-missing")


@pytest.mark.parametrize(
    ("written", "code", "word"),
    [
        ("${attributes.«camera}", "name-unknown", "`cameras`"),
        ("text ${attributes.cameras} and ${attributes.«modle}", "name-unknown", "`model`"),
        ("«${attributes.cameras", "expression-syntax", "`${` is not closed"),
        ('${"}" + attributes.«modle}', "name-unknown", "`model`"),
        ('${{"a": attributes.«modle}}', "name-unknown", "`model`"),
        ("${«}", "expression-syntax", "empty"),
    ],
)
def test_embedded_expression_ends_at_its_matching_brace(written: str, code: str, word: str) -> None:
    assert_error(WITH % written, code, word)


@pytest.mark.parametrize("written", ["plain", "$${attributes.nothing}", "$ {x}", "{x}", "100 $"])
def test_other_text_is_literal(written: str) -> None:
    assert findings_of(WITH % written) == []


def test_text_that_looks_like_an_expression_is_a_warning() -> None:
    text = OFFER + "decomposes_to: [{product: hub, attributes: {label: attributes.model}}]" + HUB
    assert [(one.code, one.severity) for one in findings_of(text)] == [("text-like-expression", "warning")]


RULE = OFFER + "decomposes_to:\n  - {product: hub, %s}\n" + HUB


@pytest.mark.parametrize(
    ("rule", "code", "word"),
    [
        ("quantity: «attributes.model", "expression-type", "must give a number"),
        ("for_each: «attributes.cameras", "expression-type", "must give a list"),
        ("for_each: attributes.segments, attributes: {label: '${each.«nme}'}", "name-unknown", "did you mean `name`?"),
        ("for_each: attributes.segments, attributes: {ports: '${«each.name}'}", "expression-type", "an integer"),
        ("for_each: attributes.segments, attributes: {ports: '${each.«vlan}'}", "value-may-be-missing", "each.vlan"),
        ("attributes: {label: '${«each.name}'}", "name-not-here", "`for_each`"),
        ("«key: quantity", "key-without-list", "`for_each`"),
        ("attributes: {ports: '${«attributes.model}'}", "expression-type", "must give an integer"),
        ("attributes: {ports: «many}", "attribute-misfit", "must be a whole number"),
        ("attributes: {«prots: 1}", "attribute-unknown", "did you mean `ports`?"),
        ("attributes: {ports: {from: attributes.«modle, table: {a: 1}}}", "name-unknown", "`model`"),
        ("attributes: {ports: {from: attributes.model, table: {indoor: 1, outdoor: «x}}}", "attribute-misfit", "whole"),
        ("attributes: {ports: «{form: attributes.model, table: {a: 1}}}", "key-missing", "`from` is missing"),
    ],
)
def test_rule_is_checked_against_both_products(rule: str, code: str, word: str) -> None:
    assert_error(RULE % rule, code, word)


def test_step_of_several_lines_has_no_attributes_of_its_own() -> None:
    step = "steps: {go: {activity: x, per: bundle, with: {a: '${«attributes.model}'}}}"
    assert_error(OFFER + step, "name-not-here", "serves several lines", "use `lines`")


def test_lines_have_optional_attributes_that_need_has() -> None:
    step = "steps: {go: {activity: x, per: order, with: {a: '${lines.map(l, %s)}'}}}"
    assert findings_of(OFFER + step % "l.attributes.model") == []
    assert_error(OFFER + step % "l.attributes.«note", "value-may-be-missing", "has(l.attributes.note)")
    assert_error(OFFER + step % "l.«quantitty", "name-unknown", "`quantity`")


def test_units_have_index_but_not_each() -> None:
    unit = "kind: technical_product\nid: t\nper: unit\nsteps: {go: {activity: x, with: {a: '${%s}'}}}\n---\n"
    offer = "kind: commercial_product\nid: p\ndecomposes_to: [{product: t}]\n"
    assert findings_of(unit % "index" + offer) == []
    assert_error(unit % "«each" + offer, "name-not-here")


ANSWER = OFFER + "steps: {go: {%s}}\n---\nkind: system\nid: s\nbase_url: http://x\n"


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("call: {system: s, get: /}, output: {a: '${«payload.x}'}", "payload"),
        ("event: {name: n}, output: {a: '${«response.body}'}", "response"),
        ("activity: x, fail_when: [{if: «response.status == 1, code: c}]", "response"),
        ("manual: {queue: q}, output: {a: '${«event}'}", "event"),
        ("call: {system: s, get: '/${«output.id}'}", "output"),
        ("call: {system: s, post: /, body: {a: '${«callback.url}'}}", "callback"),
        ("call: {system: s, post: '/${«response.body.id}'}", "response"),
    ],
)
def test_result_names_depend_on_the_kind_of_step(step: str, name: str) -> None:
    assert_error(ANSWER % step, "name-not-here", f"`{name}`")


@pytest.mark.parametrize(
    "step",
    [
        "call: {system: s, get: /}, output: '${response.body.x}', fail_when: [{if: response.status == 204, code: c}]",
        "call: {system: s, post: /, body: '${callback.url}', callback: {within: 1d}}, output: '${payload.x}'",
        "call: {system: s, post: /, poll: {get: '/${response.body.id}', until: response.body.done, within: 1h}}",
        "event: {name: [a, b], match: payload.x == 1 && event == 'a', within: 1d}, "
        "output: {e: '${event}', p: '${payload}'}",
        "activity: x, output: '${output.y}', undo: {activity: z, with: {a: '${output.y}'}}",
        "manual: {queue: q, form: {ok: {type: boolean, required: true}}}, fail_when: [{if: '!payload.ok', code: c}]",
    ],
)
def test_result_names_are_available_in_output_fail_when_and_undo(step: str) -> None:
    assert [str(one) for one in findings_of(ANSWER % step)] == []


def test_form_declares_the_types_of_payload() -> None:
    step = "manual: {queue: q, form: {ok: {type: boolean, required: true}}}, output: '${payload.«okk}'"
    assert_error(ANSWER % step, "name-unknown", "did you mean `ok`?")


def test_only_systems_can_use_env() -> None:
    assert findings_of("kind: system\nid: s\nbase_url: ${env.X}/a") == []
    assert_error("kind: system\nid: s\nbase_url: ${«X}/a", "name-unknown", "write `env.X`")
    assert_error("kind: system\nid: s\nbase_url: ${«order.id}/a", "name-unknown", "env")


def test_workstream_can_use_attributes_that_all_its_products_declare() -> None:
    text = (
        OFFER + "---\nkind: commercial_product\nid: other\nattributes: {model: {type: string, default: x}}\n---\n"
        "kind: workstream\nid: w\nfor: [offer, other]\nwhen: attributes.model == 'x' && attributes.«cameras > 1\n"
        "steps: {go: {milestone: true}}\n"
    )
    assert_error(text, "name-unknown", "cameras")


def test_per_needs_no_has() -> None:
    text = OFFER + "steps: {go: {milestone: true, per: attributes.note}}"
    assert findings_of(text) == []
    assert_error(OFFER + "steps: {go: {milestone: true, per: attributes.«nte}}", "name-unknown", "`note`")


def test_class_rule_is_checked_against_redeclared_attributes() -> None:
    text = (
        "kind: product_class\nid: c\nattributes: {a: {type: integer, default: 1}}\n"
        "decomposes_to: [{product: hub, quantity: «attributes.a}]\n---\n"
        "kind: commercial_product\nid: p\nclass: c\nattributes: {a: {type: string, default: x}}\n"
    )
    assert_error(text + HUB, "expression-type", "must give a number")
    assert findings_of(text.replace("«", "") + "decomposes_to: [{product: hub, quantity: 2}]\n" + HUB) == []


def test_class_rule_is_checked_against_the_attributes_of_the_class() -> None:
    text = "kind: product_class\nid: c\nattributes: {a: {type: string, default: x}}\n"
    assert_error(text + "decomposes_to: [{product: hub, quantity: «attributes.a}]" + HUB, "expression-type", "a number")

"""Ids of lines and steps (docs/language.md, the table of ids)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.compiler.plan_sketch import catalogue_of, line, only, rejected, sketch

GO = "steps: {go: {milestone: true}}"


def one(per: str, rule: str = "", attributes: str = "site: {type: string}, l: {type: list}") -> str:
    return f"""
kind: commercial_product
id: offer
attributes: {{{attributes}}}
decomposes_to:
  - {{product: router{rule}}}
---
kind: technical_product
id: router
per: {per}
{GO}
"""


@pytest.mark.parametrize(
    ("per", "rule", "lines", "steps"),
    [
        ("line", "", ["router@1.3"], ["router.go@1.3"]),
        ("line", ", as: spare", ["router@1.3~spare"], ["router.go@1.3~spare"]),
        ("line", ", for_each: attributes.l", ["router@1.3~1", "router@1.3~2"], ["router.go@1.3~1", "router.go@1.3~2"]),
        ("line", ", for_each: attributes.l, key: each, as: b", ["router@1.3~b~eth0", "router@1.3~b~eth%2F1"], None),
        ("unit", ", quantity: 2", ["router@1.3#1", "router@1.3#2"], ["router.go@1.3#1", "router.go@1.3#2"]),
        ("unit", ", quantity: 2, as: b", ["router@1.3~b#1", "router@1.3~b#2"], None),
        ("unit", ", for_each: attributes.l, key: each", ["router@1.3~eth0#1", "router@1.3~eth%2F1#1"], None),
        ("bundle", "", ["router@1.3"], ["router.go@1.3"]),
        ("bundle", ", for_each: attributes.l", ["router@1.3"], None),
        ("order", "", ["router"], ["router.go"]),
        ("order", ", as: spare", ["router~spare"], ["router.go~spare"]),
        ("attributes.site", "", ["router@r-mgmt"], ["router.go@r-mgmt"]),
        ("attributes.site", ", as: spare", ["router@r-mgmt~spare"], ["router.go@r-mgmt~spare"]),
        ("'a b/' + attributes.site", "", ["router@a%20b%2Fr-mgmt"], None),
        ("quantity", "", ["router@1"], None),
        ("quantity > 5", "", ["router@false"], None),
        ("''", "", ["router@line:1.3"], ["router.go@line:1.3"]),
        ("attributes.other", "", ["router@line:1.3"], None),
        ("attributes.other", ", as: b", ["router@line:1.3~b"], None),
        ("attributes.other + '-x'", "", ["router@line:1.3"], None),
    ],
)
def test_ids_of_fulfilment_lines_and_a_products_own_steps(
    per: str, rule: str, lines: list[str], steps: list[str] | None, tmp_path: Path
) -> None:
    attributes = "site: {type: string}, other: {type: string}, l: {type: list, default: []}"
    catalogue = catalogue_of(tmp_path, one(f'"{per}"', rule, attributes))
    given = line("1.3", "offer", attributes={"site": "r-mgmt", "l": ["eth0", "eth/1"]})
    plan = sketch(catalogue, given)
    assert list(plan.lines) == lines
    if steps is not None:
        assert list(plan.steps) == steps


BELOW = """
kind: commercial_product
id: offer
attributes: {l: {type: list, default: []}, site: {type: string}}
decomposes_to:
  - {product: x%s}
  - {product: y%s}
---
kind: technical_product
id: x
per: "%s"
decomposes_to: [{product: c}]
---
kind: technical_product
id: y
per: "%s"
decomposes_to: [{product: c}]
---
kind: technical_product
id: c
steps: {go: {milestone: true}}
"""


def below(rule: str, per: str = "line") -> str:
    return BELOW % (rule, rule, per, per)


@pytest.mark.parametrize(
    ("rule", "per", "children"),
    [
        ("", "line", ["c@1"]),
        (", as: spare", "line", ["c@1~spare"]),
        (", quantity: 2", "unit", ["c@1#1", "c@1#2"]),
        ("", "bundle", ["c@1"]),
        ("", "order", ["c"]),
        ("", "attributes.site", ["c@line:1"]),
    ],
)
def test_a_line_below_a_fulfilment_line_inherits_its_suffix(
    rule: str, per: str, children: list[str], tmp_path: Path
) -> None:
    plan = sketch(catalogue_of(tmp_path, below(rule, per)), line("1", "offer"))
    assert [id_ for id_ in plan.lines if id_.startswith("c")] == children


def test_lines_below_lines_of_the_same_value_are_merged(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, below("", "attributes.site"))
    plan = sketch(catalogue, line("1", "offer", attributes={"site": "s"}), line("2", "offer", attributes={"site": "s"}))
    assert plan.lines["c@s"].sources == ("x@s", "y@s")


def test_elements_of_two_lists_with_the_same_id_reject(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, below(", for_each: 'attributes.l', key: each"))
    findings = rejected(catalogue, line("1", "offer", attributes={"l": ["a"]}))
    assert "`c@1~a`" in only(findings, "id-collision")


def test_line_and_value_with_the_same_id_reject(tmp_path: Path) -> None:
    text = below("").replace('id: x\nper: "line"', 'id: x\nper: "attributes.site"')
    findings = rejected(catalogue_of(tmp_path, text), line("1", "offer", attributes={"site": "1"}))
    assert "`c@1`" in only(findings, "id-collision")


def test_two_elements_with_the_same_key_reject(tmp_path: Path) -> None:
    catalogue = catalogue_of(
        tmp_path, one("line", ", for_each: 'attributes.l', key: each", "l: {type: list, required: true}")
    )
    findings = rejected(catalogue, line("1", "offer", attributes={"l": ["a", "a"]}))
    assert "`router@1~a`" in only(findings, "id-collision")


def test_text_and_number_with_the_same_id_reject(tmp_path: Path) -> None:
    text = """
kind: commercial_product
id: texts
attributes: {v: {type: string, default: "1"}}
decomposes_to: [{product: p}]
---
kind: commercial_product
id: numbers
attributes: {v: {type: integer, default: 1}}
decomposes_to: [{product: p}]
---
kind: technical_product
id: p
per: attributes.v
steps: {go: {milestone: true}}
"""
    findings = rejected(catalogue_of(tmp_path, text), line("1", "texts"), line("2", "numbers"))
    assert "`p@1`" in only(findings, "id-collision")


def test_an_order_line_and_a_line_per_order_of_the_same_id_reject(tmp_path: Path) -> None:
    assert only(rejected(catalogue_of(tmp_path, one("order")), line("router", "offer")), "id-collision")


def test_ids_do_not_depend_on_other_lines_of_the_order(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, one("unit", ", quantity: 2"))
    alone = sketch(catalogue, line("7", "offer"))
    among = sketch(catalogue, line("1", "offer"), line("7", "offer"), line("8", "offer"))
    assert set(alone.steps) < set(among.steps)


WORKSTREAM = """
kind: commercial_product
id: offer
attributes: {site: {type: string}, n: {type: integer, default: 1}}
decomposes_to:
  - {product: router, quantity: attributes.n}
  - {product: bill}
---
kind: technical_product
id: router
per: unit
attributes: {site: {type: string}}
---
kind: technical_product
id: bill
per: order
---
kind: workstream
id: install
for: [%s]
per: "%s"
steps: {mount: {milestone: true}}
"""


@pytest.mark.parametrize(
    ("product", "per", "steps"),
    [
        ("router", "line", ["install.mount@router@1#1", "install.mount@router@1#2"]),
        ("bill", "line", ["install.mount@bill"]),
        ("offer", "line", ["install.mount@1"]),
        ("router", "bundle", ["install.mount@1"]),
        ("offer", "bundle", ["install.mount@1"]),
        ("router", "order", ["install.mount"]),
        ("router", "attributes.site", ["install.mount@hub-3"]),
        ("router", "attributes.none", ["install.mount@line:router@1#1", "install.mount@line:router@1#2"]),
        ("offer", "attributes.none", ["install.mount@line:1"]),
        ("bill", "order.customer.tier", ["install.mount@line:bill"]),
    ],
)
def test_ids_of_another_workstreams_steps(product: str, per: str, steps: list[str], tmp_path: Path) -> None:
    text = WORKSTREAM % (product, per)
    text = text.replace("site: {type: string}", "site: {type: string}, none: {type: string}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "offer", attributes={"site": "hub-3", "n": 2}))
    assert list(plan.steps) == steps


@pytest.mark.parametrize(
    ("product_per", "step"),
    [("order", "router.go@line:"), ("line", "router.go@line:1")],
)
def test_a_products_own_step_per_an_empty_expression(product_per: str, step: str, tmp_path: Path) -> None:
    text = one(product_per).replace("milestone: true", 'milestone: true, per: "order.customer.tier"')
    assert list(sketch(catalogue_of(tmp_path, text), line("1", "offer")).steps) == [step]


def test_two_steps_with_the_same_id_reject(tmp_path: Path) -> None:
    text = WORKSTREAM % ("offer, bill", "line")
    message = only(rejected(catalogue_of(tmp_path, text), line("bill", "offer")), "id-collision")
    assert "`bill`" in message


def test_steps_of_a_text_and_a_number_with_the_same_id_reject(tmp_path: Path) -> None:
    text = """
kind: commercial_product
id: numbered
attributes: {x: {type: integer}}
---
kind: commercial_product
id: named
attributes: {x: {type: string}}
---
kind: workstream
id: w
for: [numbered, named]
per: attributes.x
steps: {go: {milestone: true}}
"""
    lines = [line("1", "numbered", attributes={"x": 7}), line("2", "named", attributes={"x": "7"})]
    message = only(rejected(catalogue_of(tmp_path, text), *lines), "id-collision")
    assert message == "two different steps would have the id `w.go@7`: for line `1` and for line `2`"

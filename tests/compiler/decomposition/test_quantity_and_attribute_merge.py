"""Where several sources meet in one fulfilment line (docs/language.md, Technical product)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from compiler.plan.plan import PreviousState
from compiler.source.findings import Finding
from tests.support.compiler.plan_sketch import Sketch, catalogue_of, line, only, rejected, sketch

ORDER_WIDE = """
kind: commercial_product
id: offer
attributes: {{n: {{type: integer, default: 1}}, t: {{type: string}}, l: {{type: list}}}}
decomposes_to:
  - {{product: bill, quantity: quantity * attributes.n, precedence: 50}}
---
kind: commercial_product
id: early
attributes: {{n: {{type: integer, default: 1}}, t: {{type: string}}, l: {{type: list}}}}
decomposes_to:
  - {{product: bill, precedence: 10}}
---
kind: technical_product
id: bill
per: order
{bill}
"""
STEPS = "steps: {go: {milestone: true, actions: [add, modify, delete, no_change]}}"


def plan(folder: Path, bill: str, *lines: dict[str, Any]) -> Sketch:
    return sketch(catalogue_of(folder, ORDER_WIDE.format(bill=bill)), *lines)


def refused(folder: Path, bill: str, *lines: dict[str, Any]) -> list[Finding]:
    return rejected(catalogue_of(folder, ORDER_WIDE.format(bill=bill)), *lines)


def offer(id_: str, n: int = 1, product: str = "offer", action: str = "add", **attributes: Any) -> dict[str, Any]:
    return line(id_, product, action=action, attributes={"n": n, **attributes})


@pytest.mark.parametrize(("how", "quantity"), [("sum", 5), ("max", 3), ("one", 1)])
def test_merged_quantity(how: str, quantity: int, tmp_path: Path) -> None:
    found = plan(tmp_path, f"merged_quantity: {how}\n{STEPS}", offer("1", 2), offer("2", 3))
    assert found.lines["bill"].quantity == quantity
    assert found.lines["bill"].sources == ("1", "2")


def test_quantities_add_up_by_default(tmp_path: Path) -> None:
    assert plan(tmp_path, STEPS, offer("1", 2), offer("2", 3)).lines["bill"].quantity == 5


def test_one_is_one_even_from_a_single_source(tmp_path: Path) -> None:
    assert plan(tmp_path, f"merged_quantity: one\n{STEPS}", offer("1", 4)).lines["bill"].quantity == 1


def test_deleted_sources_do_not_count(tmp_path: Path) -> None:
    bill = f"attributes: {{t: {{type: string}}}}\n{STEPS}"
    found = plan(tmp_path, bill, offer("1", 2, t="kept"), offer("2", 3, action="delete", t="gone"))
    assert (found.lines["bill"].quantity, found.lines["bill"].attributes) == (2, {"t": "kept"})


def test_deleted_sources_count_if_all_are_deleted(tmp_path: Path) -> None:
    bill = f"attributes: {{t: {{type: string}}}}\n{STEPS}"
    found = plan(tmp_path, bill, offer("1", 2, action="delete", t="x"), offer("2", 3, action="delete", t="x"))
    assert (found.lines["bill"].quantity, found.lines["bill"].attributes) == (5, {"t": "x"})


@pytest.mark.parametrize(
    ("actions", "merged"),
    [
        (("add", "add"), "add"),
        (("delete", "delete"), "delete"),
        (("add", "delete"), "modify"),
        (("add", "modify"), "modify"),
        (("add", "no_change"), "add"),
        (("delete", "no_change"), "delete"),
        (("no_change", "no_change"), "no_change"),
    ],
)
def test_actions_merge(actions: tuple[str, str], merged: str, tmp_path: Path) -> None:
    found = plan(tmp_path, STEPS, *(offer(str(at), action=action) for at, action in enumerate(actions, 1)))
    assert found.lines["bill"].action == merged


def test_action_that_would_lose_its_steps_rejects(tmp_path: Path) -> None:
    findings = refused(
        tmp_path, "steps: {go: {milestone: true}, end: {milestone: true, actions: delete}}",
        offer("1"), offer("2", action="delete"),
    )  # fmt: skip
    message = next(finding.message for finding in findings if finding.code == "work-lost")
    assert "`bill` would be modify" in message
    assert "line `1`" in message


def test_conflicting_values_reject_with_both_sources(tmp_path: Path) -> None:
    bill = f"attributes: {{t: {{type: string}}}}\n{STEPS}"
    message = only(refused(tmp_path, bill, offer("1", t="a"), offer("2", t="b")), "attribute-conflict")
    assert "line `1`" in message
    assert "line `2`" in message
    assert "`a`" in message


def test_equal_values_and_missing_ones_do_not_conflict(tmp_path: Path) -> None:
    bill = f"attributes: {{t: {{type: string}}}}\n{STEPS}"
    found = plan(tmp_path, bill, offer("1", t="a"), offer("2"), offer("3", t="a"))
    assert found.lines["bill"].attributes == {"t": "a"}


@pytest.mark.parametrize(("merge", "value"), [("min", 2), ("max", 7), ("sum", 9)])
def test_min_max_and_sum_of_values(merge: str, value: int, tmp_path: Path) -> None:
    bill = f"attributes: {{n: {{type: integer, merge: {merge}}}}}\n{STEPS}"
    assert plan(tmp_path, bill, offer("1", 7), offer("2", 2)).lines["bill"].attributes == {"n": value}


def test_first_is_by_precedence_then_by_line(tmp_path: Path) -> None:
    bill = f"attributes: {{t: {{type: string, merge: first}}}}\n{STEPS}"
    found = plan(tmp_path, bill, offer("1", t="a"), offer("2", t="b"), offer("3", t="c", product="early"))
    assert found.lines["bill"].attributes == {"t": "c"}
    found = plan(tmp_path, bill, offer("2", t="b"), offer("1", t="a"))
    assert found.lines["bill"].attributes == {"t": "b"}


def test_list_keeps_all_values_in_line_order(tmp_path: Path) -> None:
    bill = f"attributes: {{l: {{type: list, merge: list}}}}\n{STEPS}"
    found = plan(
        tmp_path, bill,
        offer("1", l=["b"]), offer("2", l=["a", "b"]), offer("3", product="early", l=["c"]),
    )  # fmt: skip
    assert found.lines["bill"].attributes == {"l": ["b", "a", "b", "c"]}


SINGLES = """
kind: commercial_product
id: offer
attributes: {t: {type: string, default: x}}
decomposes_to:
  - {product: bill, attributes: {all: "${attributes.t}"}}
---
kind: technical_product
id: bill
per: order
attributes: {all: {type: list, items: {type: string}, merge: list}}
steps: {go: {milestone: true}}
"""


def test_list_wraps_single_values(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, SINGLES)
    assert sketch(catalogue, line("1", "offer")).lines["bill"].attributes == {"all": ["x"]}
    assert sketch(catalogue, line("1", "offer"), line("2", "offer")).lines["bill"].attributes == {"all": ["x", "x"]}


SAME_NAME = """
kind: commercial_product
id: offer
attributes: {tag: {type: string}, size: {type: integer, default: 1}}
decomposes_to: [{product: bill}]
---
kind: technical_product
id: bill
per: order
attributes:
  tag: {type: list, items: {type: string}, merge: list}
  size: {type: list, merge: list}
steps: {go: {milestone: true, actions: [add, modify]}}
"""


def test_list_of_the_same_name_takes_single_values_without_a_mapping(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, SAME_NAME)
    lines = [line(name, "offer", attributes={"tag": tag}) for name, tag in (("1", "a"), ("2", "b"))]
    found = sketch(catalogue, *lines, line("3", "offer"))
    assert found.lines["bill"].attributes == {"tag": ["a", "b"], "size": [1, 1, 1]}


def test_previous_list_of_the_same_name_takes_single_values(tmp_path: Path) -> None:
    modify = line("1", "offer", action="modify", attributes={"tag": "b"}, previous={"attributes": {"tag": "a"}})
    previous = sketch(catalogue_of(tmp_path, SAME_NAME), modify).lines["bill"].previous
    assert previous is not None
    assert previous.attributes == {"tag": ["a"], "size": [1]}


TWO_RULES = """
kind: commercial_product
id: offer
decomposes_to:
  - {product: a}
  - {product: b}
---
kind: technical_product
id: a
decomposes_to: [{product: c, quantity: 2}]
---
kind: technical_product
id: b
decomposes_to: [{product: c, quantity: 3}]
---
kind: technical_product
id: c
per: %s
steps: {go: {milestone: true}}
"""


def test_several_rules_to_one_line_are_merged(tmp_path: Path) -> None:
    found = sketch(catalogue_of(tmp_path, TWO_RULES % "line"), line("1", "offer"))
    assert found.lines["c@1"].quantity == 5
    assert found.lines["c@1"].sources == ("a@1", "b@1")


def test_units_of_several_rules_add_up_first(tmp_path: Path) -> None:
    found = sketch(catalogue_of(tmp_path, TWO_RULES % "unit"), line("1", "offer"))
    units = [id_ for id_ in found.lines if id_.startswith("c@")]
    assert units == [f"c@1#{number}" for number in range(1, 6)]
    assert {found.lines[unit].quantity for unit in units} == {1}
    assert [found.lines[unit].index for unit in units] == [1, 2, 3, 4, 5]


def test_a_fraction_of_a_unit_rejects(tmp_path: Path) -> None:
    text = TWO_RULES.replace("quantity: 2", "quantity: double(quantity) * 1.5") % "unit"
    assert "4.5" in only(rejected(catalogue_of(tmp_path, text), line("1", "offer")), "quantity-invalid")


def test_merged_line_has_the_earliest_requested_times(tmp_path: Path) -> None:
    days = [datetime(2026, 12, day, tzinfo=UTC) for day in (3, 1)]
    week = timedelta(days=7)
    lines = [
        line(str(at), "offer", requested_start=day.isoformat(), requested_completion=(day + week).isoformat())
        for at, day in enumerate(days, 1)
    ]
    merged = plan(tmp_path, STEPS, *lines, offer("3")).lines["bill"]
    assert merged.requested_start == days[1]
    assert merged.requested_completion == days[1] + week


@pytest.mark.parametrize(
    ("attribute", "merged"),
    [
        ("n: {type: integer, merge: sum}", 0),
        ("n: {type: integer, merge: min}", -2),
        ("n: {type: integer, merge: max}", 2),
        ("n: {type: integer}", 2),
        ("n: {type: list, merge: list}", [2, -2]),
    ],
)
def test_previous_values_and_quantities_are_merged(attribute: str, merged: object, tmp_path: Path) -> None:
    text = f"""
kind: commercial_product
id: offer
attributes: {{n: {{type: integer, default: 1}}}}
decomposes_to: [{{product: bill, quantity: "quantity * 3", attributes: {{n: "${{attributes.n}}"}}}}]
---
kind: technical_product
id: bill
per: order
attributes: {{{attribute}}}
{STEPS}
"""
    lines = [
        line(str(at), "offer", action="modify", attributes={"n": 1}, previous={"attributes": {"n": n}, "quantity": at})
        for at, n in enumerate((2, -2), 1)
    ]
    previous = sketch(catalogue_of(tmp_path, text), *lines).lines["bill"].previous
    assert previous == PreviousState({"n": merged}, 9)

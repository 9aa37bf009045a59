"""Parts of the drawing: markup, texts that fit, facts of steps, groups of lanes."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.language.steps import StepDefinition, StepKind
from tests.views.shipped_plans import plan_of
from views.plan.drawing.glyphs import KIND_NAMES, glyph, glyph_symbols
from views.plan.drawing.markup import element, with_code, write_html, write_xml
from views.plan.drawing.text_fit import cut, text_width, wrap
from views.plan.picture.lane_groups import LineOwners, common_path
from views.plan.picture.step_facts import definition_facts, describe_failures, describe_retry
from views.plan.picture.undo_order import undo_ranks


@given(st.text(), st.text())
def test_any_text_survives_as_text(text: str, value: str) -> None:
    root = ElementTree.fromstring(write_xml(element("p", {"title": value}, text, element("b", None, text), text)))
    assert [child.tag for child in root] == ["b"]
    assert len(root.attrib) == 1


def test_markup_in_texts_and_attributes_is_escaped() -> None:
    made = write_html(element("p", {"title": '"><script>'}, "<script>", None, element("b"), "&"))
    assert made == '<!doctype html>\n<p title="&quot;&gt;<script&gt;">&lt;script&gt;<b></b>&amp;</p>'


def test_backticks_become_code() -> None:
    written = write_xml(element("p", None, *with_code("`a < b` holds")))
    assert written == "<p><code>a &lt; b</code> holds</p>"
    assert with_code("one ` alone") == ["one ` alone"]


@given(st.text(min_size=1), st.floats(20, 300), st.integers(1, 3))
def test_wrapped_lines_fit_and_are_not_too_many(text: str, width: float, lines: int) -> None:
    wrapped = wrap(text, width, 12, lines)
    assert len(wrapped) <= lines
    assert all(text_width(line, 12) <= width for line in wrapped)


def test_a_text_is_only_cut_if_it_is_too_wide() -> None:
    assert cut("short", 200, 12) == "short"
    assert cut("a text that is too wide", 80, 12).endswith("…")
    assert wrap("Hand the parcel to the carrier", 130, 12.5, 2) == ["Hand the parcel to", "the carrier"]


def test_facts_tell_what_the_definition_says() -> None:
    definition = StepDefinition.model_validate(
        {
            "call": {"system": "billing", "post": "/invoices"},
            "sla": {"duration": "1d", "warn": "2h", "escalate": "care"},
            "fail_when": [{"if": "response.body.x", "code": "odd"}],
            "undo": {"call": {"system": "billing", "delete": "/invoices/1"}},
            "point_of_no_return": True,
        }
    )
    assert dict(definition_facts(definition)) == {
        "Does": "call billing (POST /invoices)",
        "SLA": "1d, at risk 2h before, then care is told",
        "Fails when": "response.body.x (odd)",
        "Undo": "call billing (DELETE /invoices/1)",
        "Point of no return": "once it starts, its lines can be neither cancelled nor changed",
    }


def test_failures_in_words() -> None:
    rules = StepDefinition.model_validate(
        {
            "milestone": True,
            "on_failure": [
                {"code": "late", "redo_from": "book", "max": 1},
                {"code": "gone", "rollback": "bundle"},
                {"code": "odd", "do": "continue"},
                {"do": "fallout", "queue": "desk"},
            ],
        }
    ).on_failure
    assert describe_failures(rules, {"book": "Book it"}) == (
        "late: again from Book it, at most 1 time",
        "gone: roll back the top-level line",
        "odd: note it and continue",
        "fallout in desk",
    )


def test_attempts_in_words() -> None:
    planned = {each.name: each for each in plan_of("home_security.yaml").definitions}
    assert describe_retry(planned["Open the account"].retry).startswith("5 attempts, first pause ")


@pytest.mark.parametrize(
    ("after", "undoable", "ranks"),
    [
        ([(), (0,), (1,)], {0, 1, 2}, [3, 2, 1]),
        ([(), (0,), (1,)], {0, 2}, [2, 0, 1]),
        ([(), (), (0, 1)], {0, 1}, [1, 1, 0]),
        ([(), (0,), (0,), (2,)], {0, 1, 2, 3}, [3, 1, 2, 1]),
    ],
)
def test_what_comes_later_is_undone_first(after: list[tuple[int, ...]], undoable: set[int], ranks: list[int]) -> None:
    assert undo_ranks(after, undoable) == ranks


def test_lanes_belong_to_the_lowest_common_order_line() -> None:
    plan = plan_of("managed_wan.yaml")
    owners = LineOwners(plan.order_lines, plan.fulfilment_lines)
    owned = {step.id: owners.owner(plan.step_lines(step)) for step in plan.steps}
    assert owned["wan_router.ship@1.2"] == ("1", "1.2")
    assert owned["managed_wan.accept@1"] == ("1",)
    assert common_path([("1", "2"), ("1", "3"), ("1",)]) == ("1",)
    assert common_path([("1", "2"), ("1", "2")]) == ("1", "2")
    assert common_path([("1",), ("2",)]) == common_path([]) == ()


def test_every_kind_of_step_has_a_sign_and_a_name() -> None:
    assert set(KIND_NAMES) == set(StepKind)
    for kind in StepKind:
        assert f"k-{kind}" in {symbol.get("id") for symbol in glyph_symbols()}
        assert glyph(kind, 0, 0).get("href") == f"#k-{kind}"

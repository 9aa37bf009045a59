from __future__ import annotations

import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from compiler.explain_order import Explanation, explain_order
from compiler.load_catalogue import load_catalogue
from tests.support.html_pages import HtmlPage
from tests.support.paths import ROOT
from tests.views.shipped_plans import explanation_of, plan_of
from views.plan.drawing.page import render_page
from views.plan.drawing.svg import render_svg
from views.plan.mermaid import render_mermaid
from views.plan.picture.model import Picture
from views.plan.picture.plan_picture import plan_picture
from views.plan.tree import PlanTree

SVG = "{http://www.w3.org/2000/svg}"
FILES = ["home_security.yaml", "managed_wan.yaml", "new_branch.yaml", "security_audit.yaml"]


def picture_of(file: str) -> Picture:
    return picture_from(explanation_of(file))


def picture_from(explanation: Explanation) -> Picture:
    assert explanation.plan is not None
    return plan_picture(explanation, explanation.plan)


def tree(file: str, width: int = 100_000, *, drawn: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(PlanTree(plan_of(file), drawn))
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


@pytest.mark.parametrize("file", FILES)
def test_each_step_is_once_in_the_tree_with_number_and_id(file: str) -> None:
    lines = tree(file).splitlines()
    for number, step in enumerate(plan_of(file).steps, 1):
        (line,) = [line for line in lines if f"  {step.id}  " in line]
        assert line.split()[0] == str(number)


def test_the_tree_goes_from_order_line_to_fulfilment_line_to_step() -> None:
    lines = tree("home_security.yaml").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("1  Home Security Package ×1  add"))
    camera = next(at for at, line in enumerate(lines) if line.startswith("  security_camera@1  Security camera ×4"))
    assert start < camera
    assert re.match(r"    +\d+ Reserve stock  security_camera.reserve@1", lines[camera + 1])


def test_shared_steps_are_below_the_common_parent_of_their_lines() -> None:
    assert "\n  Shipment  for alarm_hub@1, security_camera@1\n" in tree("home_security.yaml")


def test_the_tree_marks_people_timers_events_and_the_point_of_no_return() -> None:
    text = tree("home_security.yaml")
    for words in ("person in field_force", "event shipment_delivered within 5d", "timer until", "point of no return"):
        assert words in text
    assert re.search(r"^wait for a person: \d+$", text, re.MULTILINE)


def test_steps_without_predecessors_start_at_once() -> None:
    plan = plan_of("home_security.yaml")
    lines = tree("home_security.yaml").splitlines()
    for step in plan.steps:
        line = next(line for line in lines if f"  {step.id}  " in line)
        assert ("at once" in line) == (not step.after)


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("file", FILES)
def test_tree_fits_the_terminal(file: str, width: int) -> None:
    assert all(len(line) <= width for line in tree(file, width, drawn=True).splitlines())


@pytest.mark.parametrize("file", FILES)
def test_svg_is_well_formed_and_has_a_box_for_each_step(file: str) -> None:
    root = ElementTree.fromstring(render_svg(picture_of(file)))
    boxes = [box for box in root.iter(f"{SVG}rect") if box.get("class") == "box"]
    spots = {(float(box.get("x", 0)), float(box.get("y", 0))) for box in boxes}
    assert len(spots) == len(boxes) == len(plan_of(file).steps)


@pytest.mark.parametrize("file", FILES)
def test_page_loads_nothing_and_is_complete_without_scripts(file: str) -> None:
    page = HtmlPage(render_page(picture_of(file)))
    page.assert_loads_nothing()
    plan = plan_of(file)
    assert {step.id for step in plan.steps} <= set(re.findall(r"[^\s,]+", page.text))
    for line in (*plan.order_lines, *plan.fulfilment_lines):
        assert line.id in page.text
    links = [dict(attributes)["href"] for tag, attributes in page.elements if tag == "a"]
    steps = [link for link in links if link.startswith("#step-")]
    assert sorted(steps) == sorted(f"#step-{number}" for number in range(1, len(plan.steps) + 1))
    assert len(links) - len(steps) == sum(bool(line.sources) for line in plan.fulfilment_lines)
    assert {link.removeprefix("#") for link in links} <= page.ids


def test_page_says_which_rule_and_values_caused_each_line() -> None:
    page = HtmlPage(render_page(picture_of("home_security_self_install.yaml")))
    assert "attributes.cameras > 0 does not hold: attributes.cameras = 0" in page.text
    assert re.search(r"definitions/offers/home_security\.yaml:\d+\n", page.text)
    assert "it needs steps.ship.output" in page.text


def test_page_has_undo_rework_and_failure_paths_and_the_critical_path_as_switches() -> None:
    picture = picture_of("home_security.yaml")
    page = HtmlPage(render_page(picture))
    switches = {id_ for tag, attributes in page.elements if tag == "input" for id_ in [dict(attributes)["id"]]}
    assert switches == {"show-critical", "show-undo", "show-rework", "show-failures", "show-small", "search"}
    names = [box.name for box in picture.boxes]
    assert (names.index("Install on site"), names.index("Book a technician")) in picture.rework_arcs
    assert "customer_absent: again from Book a technician, at most 2 times" in page.text
    assert [picture.boxes[at].name for pair in sorted(picture.critical_edges) for at in pair[:1]] == [
        "Reserve stock",
        "Hand the parcel to the carrier",
        "Parcel delivered",
        "Install on site",
        "Provision the subscription",
    ]


def test_lines_lead_to_the_lanes_of_their_steps() -> None:
    picture = picture_of("home_security.yaml")
    titles = {line: picture.lanes[lane].title for line, lane in picture.lane_of_line.items()}
    assert titles["alarm_hub@1"] == "Alarm hub"
    assert titles["security_camera@1"] == "Security camera ×4"
    assert titles["1"] == "Home Security Package"


def test_an_order_without_work_has_an_empty_picture() -> None:
    order = {"id": "N-1", "lines": [{"id": "1", "product": "home_security", "action": "no_change"}]}
    picture = picture_from(explain_order(order, load_catalogue(ROOT / "definitions")))
    assert picture.boxes == ()
    HtmlPage(render_page(picture)).assert_loads_nothing()
    ElementTree.fromstring(render_svg(picture))


def test_undo_goes_backwards() -> None:
    ranks = {box.name: box.undo_rank for box in picture_of("home_security.yaml").boxes if box.undo}
    assert ranks["Start billing"] < ranks["Hand the parcel to the carrier"] < ranks["Reserve stock"]


def test_picture_of_one_hundred_and_seventy_equal_lines_is_one_lane_of_their_steps() -> None:
    sites = [
        {"id": f"1.{at}", "product": "wan_site", "attributes": {"site_id": f"s-{at}", "postcode": f"{20000 + at}"}}
        for at in range(1, 171)
    ]
    order = {"id": "W-1", "lines": [{"id": "1", "product": "managed_wan", "lines": sites}]}
    explanation = explain_order(order, load_catalogue(ROOT / "definitions"))
    picture = picture_from(explanation)
    assert explanation.plan is not None
    assert sum(box.count for box in picture.boxes) == len(explanation.plan.steps) > 1_500
    assert len(picture.boxes) < 25
    assert {lane.count for lane in picture.lanes} == {1, 170}
    assert all(len(matrix.rows) == 170 for matrix in picture.matrices)
    page = HtmlPage(render_page(picture))
    page.assert_loads_nothing()
    numbers = set(re.findall(r"\d+", page.text))
    assert {str(number) for number in range(1, len(explanation.plan.steps) + 1)} <= numbers


def test_mermaid_has_a_node_for_each_step() -> None:
    plan = plan_of("managed_wan.yaml")
    nodes = re.findall(r"^ {4}s(\d+)", render_mermaid(plan), re.MULTILINE)
    assert sorted(map(int, nodes)) == list(range(1, len(plan.steps) + 1))


def test_names_cannot_inject_markup() -> None:
    plan = plan_of("security_audit.yaml")
    hostile = '"]; <script>alert(1)</script> & --> end\n'
    named = replace(plan, definitions=tuple(replace(each, name=hostile) for each in plan.definitions))
    explanation = replace(explanation_of("security_audit.yaml"), plan=named)
    picture = replace(picture_from(explanation), title=hostile, subtitle=hostile, facts=((hostile, hostile),))
    ElementTree.fromstring(render_svg(picture))
    page = HtmlPage(render_page(picture))
    page.assert_loads_nothing()
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert hostile.split("\n")[0] in page.text
    assert '"];' not in render_mermaid(named)
    assert render_mermaid(named).count("\n") == render_mermaid(plan).count("\n")


def test_control_characters_do_not_break_the_picture() -> None:
    picture = replace(picture_of("security_audit.yaml"), title="a\x00\x1b[31mb\ud800")
    assert "a\ufffd\ufffd[31mb\ufffd" in HtmlPage(render_page(picture)).text
    ElementTree.fromstring(render_svg(picture))


def test_page_names_the_steps_that_the_expected_duration_leaves_out() -> None:
    facts = dict(picture_of("home_security.yaml").facts)
    assert facts["Expected duration"] == "3 d, until 2026-12-04 08:10:15 UTC"
    assert facts["Not in that duration"] == "step 10: its time is not known yet"

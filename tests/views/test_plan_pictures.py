from __future__ import annotations

import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from rich.console import Console

from tests.views.shipped_plans import plan_of
from views.plan.mermaid import render_mermaid
from views.plan.svg import render_html, render_svg
from views.plan.tree import PlanTree

SVG = "{http://www.w3.org/2000/svg}"
FILES = ["home_security.yaml", "managed_wan.yaml", "new_branch.yaml", "security_audit.yaml"]


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
def test_svg_is_well_formed_and_steps_do_not_overlap(file: str) -> None:
    root = ElementTree.fromstring(render_svg(plan_of(file)))
    boxes = [box for box in root.iter(f"{SVG}rect") if box.get("class") == "box"]
    spots = {(float(box.get("x", 0)), float(box.get("y", 0))) for box in boxes}
    assert len(spots) == len(boxes) == len(plan_of(file).steps)


@pytest.mark.parametrize("file", FILES)
def test_html_loads_nothing_and_lists_each_step(file: str) -> None:
    text = render_html(plan_of(file))
    assert not re.search(r"""(src|href)=|url\((?!#)|@import|<script""", text)
    assert text.count("<tr><td>") == len(plan_of(file).steps)


def test_mermaid_has_a_node_for_each_step() -> None:
    plan = plan_of("managed_wan.yaml")
    nodes = re.findall(r"^ {4}s(\d+)", render_mermaid(plan), re.MULTILINE)
    assert sorted(map(int, nodes)) == list(range(1, len(plan.steps) + 1))


def test_names_cannot_inject_markup() -> None:
    plan = plan_of("security_audit.yaml")
    hostile = '"]; <script>alert(1)</script> & --> end\n'
    named = replace(plan, definitions=tuple(replace(each, name=hostile) for each in plan.definitions))
    ElementTree.fromstring(render_svg(named))
    assert "<script" not in render_html(named)
    assert '"];' not in render_mermaid(named)
    assert render_mermaid(named).count("\n") == render_mermaid(plan).count("\n")

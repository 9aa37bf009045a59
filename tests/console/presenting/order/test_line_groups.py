from __future__ import annotations

from datetime import timedelta
from typing import Any

from activity_contract.line_reasons import LineReason
from console.presenting.order.causes import line_causes
from console.presenting.order.line_groups import PAGE_LINES, LinesRequest, lines_page
from tests.support.order_views import START, order_view, step_view
from workflows.contract.order_views import LineView, OrderView
from workflows.contract.states import OrderState, StepState

NOW = START + timedelta(hours=1)


def line(line_id: str, *sources: str, **changes: Any) -> LineView:
    common = {"product": "camera", "name": "Camera", "quantity": 1, "action": "add", "attributes": {}}
    return LineView(id=line_id, sources=list(sources), state=OrderState.IN_PROGRESS, **(common | changes))


def order(ordered: list[LineView], became: list[LineView]) -> OrderView:
    return order_view(order_lines=ordered, lines=became)


def test_each_order_line_is_beside_what_it_became() -> None:
    ordered = [line("1"), line("1.1", "1"), line("1.2", "1")]
    became = [line("hub@1", "1"), line("camera@1.1", "1.1"), line("visit@1", "1.1", "1.2")]
    page = lines_page(order(ordered, became), [], {}, LinesRequest(), NOW)
    assert [(group.line.line.id, group.depth, [row.line.id for row in group.became]) for group in page.groups] == [
        ("1", 0, ["hub@1"]),
        ("1.1", 1, ["camera@1.1", "visit@1"]),
        ("1.2", 1, []),
    ]
    assert page.groups[1].became[1].sources == ["1.1", "1.2"]
    assert (page.order_lines, page.fulfilment_lines) == (3, 3)


def test_steps_are_counted_by_line() -> None:
    steps = [
        step_view(1, "camera.a@1", StepState.COMPLETED, lines=["camera@1"]),
        step_view(2, "camera.b@1", StepState.FATALLY_FAILED, lines=["camera@1"]),
        step_view(3, "shipment.ship@1", StepState.IN_PROGRESS, lines=["camera@1", "hub@1"]),
        step_view(4, "camera.c@1", StepState.PENDING, lines=["camera@1"]),
        step_view(5, "offer.fee@1", StepState.COMPLETED, lines=["1"]),
    ]
    page = lines_page(order([line("1")], [line("camera@1", "1"), line("hub@1", "1")]), steps, {}, LinesRequest(), NOW)
    group = page.groups[0]
    camera, hub = group.became
    assert (camera.step_count, camera.settled, camera.stuck, camera.active) == (4, 1, 1, 1)
    assert [mark.is_shared for mark in camera.steps] == [False, False, True, False]
    assert [mark.mark.word for mark in camera.steps][1] == "in fallout"
    assert hub.step_count == group.line.step_count == 1
    assert camera.needs_care
    assert not hub.needs_care


def test_only_lines_that_need_care_or_are_open() -> None:
    steps = [
        step_view(1, "a.a@1", StepState.COMPLETED, lines=["1"]),
        step_view(2, "a.a@2", StepState.IN_PROGRESS, lines=["2"]),
        step_view(3, "a.a@3", StepState.ON_HOLD, lines=["3"]),
    ]
    ordered = order([line("1"), line("2"), line("3")], [])
    shown = {
        name: [group.line.line.id for group in lines_page(ordered, steps, {}, LinesRequest(name), NOW).groups]
        for name in ("all", "attention", "open")
    }
    assert shown == {"all": ["1", "2", "3"], "attention": ["3"], "open": ["2", "3"]}


def test_pages_keep_an_order_line_with_all_that_it_became() -> None:
    ordered = [line(str(number)) for number in range(1, 61)]
    became = [line(f"camera{part}@{number}", str(number)) for number in range(1, 61) for part in range(3)]
    big = [line(f"camera{part}@60", "60") for part in range(3, 200)]
    view = order(ordered, became + big)
    pages = [lines_page(view, [], {}, LinesRequest(page=number), NOW) for number in range(1, 7)]
    assert [page.page for page in pages] == [1, 2, 3, 4, 5, 5]
    assert {page.pages for page in pages} == {5}
    sizes = [sum(group.size for group in page.groups) for page in pages[:5]]
    assert sizes == [PAGE_LINES, PAGE_LINES, PAGE_LINES, 56, 201]
    seen = [group.line.line.id for page in pages[:5] for group in page.groups]
    assert seen == [each.id for each in ordered]


def test_an_order_without_lines_has_one_empty_page() -> None:
    page = lines_page(order([], []), [], {}, LinesRequest(page=3), NOW)
    assert (page.groups, page.page, page.pages) == ((), 1, 1)


def test_causes_are_told_with_values_and_place() -> None:
    reason = LineReason(
        "camera@1",
        "rule",
        "1",
        "camera",
        "`attributes.cameras > 0` holds",
        "offers/home.yaml:21:5",
        {"attributes.cameras": 4, "quantity": 1},
        "quantity * attributes.cameras",
        4,
    )
    plain = LineReason("hub@1", "component", "1", "hub", "always", "offers/home.yaml:20:5", {}, "2", 2)
    causes = line_causes([reason, plain])
    cause = causes["camera@1"][0]
    assert (cause.text, cause.values) == ("`attributes.cameras > 0` holds", "attributes.cameras=4 quantity=1")
    assert (cause.quantity, cause.place) == ("quantity * attributes.cameras = 4", "offers/home.yaml:21")
    assert (causes["hub@1"][0].quantity, causes["hub@1"][0].is_component) == ("2", True)

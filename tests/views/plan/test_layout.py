"""The layout of pictures: nothing overlaps, arrows lead from step to step, what belongs together stands together."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.shipped_plans import plan_of
from views.plan.layout.bundles import MIN_BUNDLE, bundle_lanes
from views.plan.layout.graph import direct_edges, topological_layers
from views.plan.layout.grid import layout_grid
from views.plan.layout.lane_swaps import picture_cost, swap_lanes
from views.plan.layout.model import PlanLayout, layout_to_json
from views.plan.layout.place import layout_plan
from views.plan.swimlanes import plan_swimlanes

Graph = tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]
GRAPHS = st.integers(1, 14).flatmap(
    lambda size: st.tuples(
        st.tuples(*(st.frozensets(st.integers(0, at - 1)) if at else st.just(frozenset()) for at in range(size))).map(
            lambda after: tuple(tuple(sorted(each)) for each in after)
        ),
        st.tuples(*(st.integers(0, 4) for _ in range(size))).map(_numbered),
    )
)


def _numbered(lanes: tuple[int, ...]) -> tuple[int, ...]:
    """The same lanes, numbered without gaps."""
    numbers = {lane: at for at, lane in enumerate(sorted(set(lanes)))}
    return tuple(numbers[lane] for lane in lanes)


def reachable(arrows: list[tuple[int, int]], size: int) -> list[set[int]]:
    before: list[set[int]] = [set() for _ in range(size)]
    for earlier, later in sorted(arrows, key=lambda arrow: arrow[1]):
        before[later] |= {earlier} | before[earlier]
    return before


@given(GRAPHS)
def test_omitted_edges_are_implied_by_drawn_ones(graph: Graph) -> None:
    after, _ = graph
    drawn = direct_edges(after)
    everything = [(earlier, later) for later, each in enumerate(after) for earlier in each]
    assert reachable(drawn, len(after)) == reachable(everything, len(after))
    assert set(drawn) <= set(everything)


@given(GRAPHS)
def test_layer_is_higher_than_those_of_predecessors(graph: Graph) -> None:
    after, _ = graph
    layers = topological_layers(after)
    assert all(layers[later] > layers[earlier] for later, each in enumerate(after) for earlier in each)


@given(GRAPHS)
def test_boxes_are_in_their_lanes_and_do_not_overlap(graph: Graph) -> None:
    after, lanes = graph
    layout = layout_plan(after, lanes)
    width, height = layout.metrics.box_width, layout.metrics.box_height
    bands = {lane.lane: lane for lane in layout.lanes}
    assert sorted(bands) == sorted(set(lanes))
    for upper, lower in pairwise(layout.lanes):
        assert lower.y == pytest.approx(upper.y + upper.height)
    for at, box in enumerate(layout.boxes):
        band = bands[lanes[at]]
        assert band.y < box.y
        assert box.y + height < band.y + band.height
        assert 0 <= box.x <= layout.width - width
        for other in layout.boxes[at + 1 :]:
            assert abs(box.x - other.x) >= width or abs(box.y - other.y) >= height


@given(GRAPHS)
def test_arrows_are_straight_parts_that_cross_no_box(graph: Graph) -> None:
    after, lanes = graph
    layout = layout_plan(after, lanes)
    assert [(route.source, route.target) for route in layout.routes] == direct_edges(after)
    for route in layout.routes:
        source, target = layout.boxes[route.source], layout.boxes[route.target]
        assert route.points[0] == (source.x + layout.metrics.box_width, source.y + layout.metrics.box_height / 2)
        assert route.points[-1] == (target.x, target.y + layout.metrics.box_height / 2)
        for (x1, y1), (x2, y2) in pairwise(route.points):
            assert x1 == x2 or y1 == y2
            assert x1 <= x2
            for box in layout.boxes:
                assert not _crosses(layout, box.x, box.y, min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


def _crosses(layout: PlanLayout, x: float, y: float, left: float, top: float, right: float, bottom: float) -> bool:
    return left < x + layout.metrics.box_width and right > x and top < y + layout.metrics.box_height and bottom > y


@given(GRAPHS)
def test_lines_of_different_arrows_share_a_stretch_only_if_they_share_an_end(graph: Graph) -> None:
    after, lanes = graph
    routes = layout_plan(after, lanes).routes
    for at, route in enumerate(routes):
        for other in routes[at + 1 :]:
            if not {route.source, route.target} & {other.source, other.target}:
                upright = [part for part in pairwise(route.points) if part[0][0] == part[1][0]]
                assert not any(_same_stretch(part, one) for part in upright for one in pairwise(other.points))


def _same_stretch(
    one: tuple[tuple[float, float], tuple[float, float]], other: tuple[tuple[float, float], tuple[float, float]]
) -> bool:
    """Whether two vertical lines cover each other."""
    (x, y1), (_, y2) = one
    (other_x, other_y1), (other_x2, other_y2) = other
    if other_x != other_x2 or x != other_x:
        return False
    return min(y1, y2) < max(other_y1, other_y2) and min(other_y1, other_y2) < max(y1, y2)


def test_lanes_of_one_group_stand_together_and_groups_in_their_order() -> None:
    after = [(), (0,), (), (2,), (1,), (4,)]
    lanes = [0, 1, 2, 3, 4, 5]
    layout = layout_plan(after, lanes, groups=[1, 1, 0, 0, 2, 2])
    groups = [[1, 1, 0, 0, 2, 2][lane.lane] for lane in layout.lanes]
    assert [group for at, group in enumerate(groups) if at == 0 or groups[at - 1] != group] == sorted(
        set(groups), key=groups.index
    )
    assert groups.index(1) < groups.index(2)


def test_what_waits_stands_below_what_it_waits_for() -> None:
    layout = layout_plan([(1,), (2,), (3,), ()], [0, 1, 2, 3])
    assert [lane.lane for lane in layout.lanes] == [3, 2, 1, 0]


def test_home_security_reads_from_top_to_bottom() -> None:
    plan = plan_of("home_security.yaml")
    swimlanes = plan_swimlanes(plan)
    lane_of = {step: at for at, lane in enumerate(swimlanes) for step in lane.steps}
    layout = layout_plan([step.after for step in plan.steps], [lane_of[at] for at in range(len(plan.steps))])
    titles = [swimlanes[lane.lane].title for lane in layout.lanes]
    assert titles[:4] == ["Alarm hub", "Security camera ×4", "Shipment", "Installation visit"]
    assert titles[-1] == "Billing account"
    assert crossings(layout) <= 6


@given(GRAPHS)
def test_swapping_lanes_never_makes_the_picture_worse_and_keeps_groups(graph: Graph) -> None:
    after, lanes = graph
    columns, edges = topological_layers(after), direct_edges(after)
    order = sorted(set(lanes))
    groups = [lane // 2 for lane in order]
    swapped = swap_lanes(order, lanes, columns, edges, groups)
    assert sorted(swapped) == order
    assert [groups[lane] for lane in swapped] == groups
    assert picture_cost(swapped, lanes, columns, edges) <= picture_cost(order, lanes, columns, edges)


def test_a_swap_that_saves_a_crossing_is_made() -> None:
    # Lane 1 is in the way of the arrow from lane 0 to lane 2.
    after, lanes = [(), (), (1,), (2,), (0,)], [0, 1, 1, 1, 2]
    columns, edges = topological_layers(after), direct_edges(after)
    assert swap_lanes([0, 1, 2], lanes, columns, edges, [0, 0, 0]) in ([1, 0, 2], [0, 2, 1])


def crossings(layout: PlanLayout) -> int:
    """How often lines of arrows without a common end cross."""
    found = 0
    for at, route in enumerate(layout.routes):
        for other in layout.routes[at + 1 :]:
            if {route.source, route.target} & {other.source, other.target}:
                continue
            found += sum(_cross(one, two) for one in pairwise(route.points) for two in pairwise(other.points))
    return found


def _cross(
    one: tuple[tuple[float, float], tuple[float, float]], other: tuple[tuple[float, float], tuple[float, float]]
) -> bool:
    if one[0][0] == one[1][0]:
        one, other = other, one
    (x1, y), (x2, y_end) = one
    (x, y1), (x_end, y2) = other
    return y == y_end and x == x_end and x1 < x < x2 and min(y1, y2) < y < max(y1, y2)


def test_lanes_of_one_shape_become_one_if_there_are_many() -> None:
    after: list[tuple[int, ...]] = []
    lanes: list[int] = []
    for lane in range(40):
        after += [(), (len(after),)]
        lanes += [lane, lane]
    after.append(tuple(range(1, 80, 2)))
    lanes.append(40)
    shapes = [at % 2 for at in range(80)] + [2]
    bundling = bundle_lanes(after, lanes, shapes)
    assert [len(box) for box in bundling.boxes] == [40, 40, 1]
    assert bundling.after == ((), (0,), (1,))
    assert [len(lane) for lane in bundling.lanes] == [40, 1]
    few = bundle_lanes(after[:4], lanes[:4], shapes[:4])
    assert [len(box) for box in few.boxes] == [1, 1, 1, 1]


@given(GRAPHS, st.integers(0, 3))
def test_bundles_contain_each_step_once_and_have_no_cycle(graph: Graph, kinds: int) -> None:
    after, lanes = graph
    many = 30
    """Copies of the graph, so that there are enough lanes for bundles."""
    size, lane_count = len(after), max(lanes) + 1
    all_after = [tuple(one + copy * size for one in each) for copy in range(many) for each in after]
    all_lanes = [lane + copy * lane_count for copy in range(many) for lane in lanes]
    shapes = [at % (kinds + 1) for _ in range(many) for at in range(size)]
    bundling = bundle_lanes(all_after, all_lanes, shapes)
    assert sorted(step for box in bundling.boxes for step in box) == list(range(len(all_after)))
    assert all(len(lane) == 1 or len(lane) >= MIN_BUNDLE for lane in bundling.lanes)
    layers = topological_layers(bundling.after)
    assert all(layers[box] > layers[earlier] for box, each in enumerate(bundling.after) for earlier in each)


def test_the_same_input_gives_the_same_positions_and_they_are_plain_data() -> None:
    plan = plan_of("managed_wan.yaml")
    after, lanes = [step.after for step in plan.steps], [at % 5 for at in range(len(plan.steps))]
    first, second = (json.dumps(layout_to_json(layout_plan(after, lanes))) for _ in range(2))
    assert first == second
    assert set(json.loads(first)) == {"boxes", "lanes", "routes", "width", "height", "metrics"}


def test_ten_thousand_steps_are_placed_in_a_second() -> None:
    after = [((at - 1,) if at % 10 else ()) + ((at - 13,) if at % 7 == 3 and at > 13 else ()) for at in range(10_000)]
    started = time.thread_time()
    layout = layout_plan([tuple(sorted(set(each))) for each in after], [at // 10 for at in range(10_000)])
    assert time.thread_time() - started < 3  # 0.3 s on an idle machine
    assert len(layout.boxes) == 10_000


def test_an_empty_plan_has_an_empty_layout() -> None:
    layout = layout_plan([], [])
    assert (layout.boxes, layout.lanes, layout.routes) == ((), (), ())


def test_many_arrows_at_one_box_have_no_way_of_their_own() -> None:
    after = [*[()] * 10, tuple(range(10)), (10,)]
    grid = layout_grid(after, list(range(12)), max_fan=8)
    assert set(grid.fans) == {(at, 10) for at in range(10)}
    assert set(grid.paths) == {(10, 11)}
    assert len(grid.edges) == 11
    assert layout_grid(after, list(range(12))).fans == []

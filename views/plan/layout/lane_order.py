"""The order of lanes: what comes first stands above, what waits for each other stands close together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from views.plan.layout.lane_swaps import picture_cost, swap_lanes

MAX_SIFTED_LANES = 80
"""With more lanes, sifting takes too long, and sweeps must do."""
SWEEPS = 6
UPWARD_COST = 4.0
"""An arrow that goes up costs this many times more than one that goes down."""

LaneEdges = Counter[tuple[int, int]]


def order_lanes(
    lane_count: int,
    lanes: Sequence[int],
    columns: Sequence[int],
    edges: Sequence[tuple[int, int]],
    groups: Sequence[int] = (),
) -> list[int]:
    """The numbers of the lanes from top to bottom. `lanes` and `columns` are those of the boxes.

    Lanes of one group stay together: first the groups get their order, then the lanes within each.
    """
    group_of_lane = list(groups) if groups else [0] * lane_count
    group_of_box = [group_of_lane[lane] for lane in lanes]
    order_of_groups = _order(max(group_of_lane, default=-1) + 1, group_of_box, columns, edges)
    rank = {group: at for at, group in enumerate(order_of_groups)}
    order = _order(lane_count, lanes, columns, edges)
    order = sorted(order, key=lambda lane: rank[group_of_lane[lane]])
    if lane_count > MAX_SIFTED_LANES:
        return order
    sifted = _sift(order, _neighbours(lane_count, _edges_between(lanes, edges)), group_of_lane)
    first = sorted(range(lane_count), key=lambda lane: rank[group_of_lane[lane]])
    swapped = [swap_lanes(one, lanes, columns, edges, group_of_lane) for one in (sifted, first)]
    return min(swapped, key=lambda one: picture_cost(one, lanes, columns, edges))


def _order(count: int, lanes: Sequence[int], columns: Sequence[int], edges: Sequence[tuple[int, int]]) -> list[int]:
    between = _edges_between(lanes, edges)
    first = [min((columns[box] for box in boxes), default=0) for boxes in _boxes_by_lane(count, lanes)]
    order = sorted(range(count), key=lambda lane: (first[lane], lane))
    neighbours = _neighbours(count, between)
    order = _best_sweep(order, neighbours, between)
    return _sift(order, neighbours, [0] * count) if count <= MAX_SIFTED_LANES else order


def _edges_between(lanes: Sequence[int], edges: Sequence[tuple[int, int]]) -> LaneEdges:
    return Counter((lanes[source], lanes[target]) for source, target in edges if lanes[source] != lanes[target])


def _boxes_by_lane(lane_count: int, lanes: Sequence[int]) -> list[list[int]]:
    boxes: list[list[int]] = [[] for _ in range(lane_count)]
    for box, lane in enumerate(lanes):
        boxes[lane].append(box)
    return boxes


Neighbour = tuple[int, int, bool]
"""The other lane, the number of arrows, whether the other lane comes first."""


def _neighbours(lane_count: int, between: LaneEdges) -> list[list[Neighbour]]:
    neighbours: list[list[Neighbour]] = [[] for _ in range(lane_count)]
    for (source, target), count in sorted(between.items()):
        neighbours[source].append((target, count, False))
        neighbours[target].append((source, count, True))
    return neighbours


def _cost(order: Sequence[int], between: LaneEdges) -> float:
    rank = {lane: at for at, lane in enumerate(order)}
    return sum(count * _edge_cost(rank[target] - rank[source]) for (source, target), count in between.items())


def _edge_cost(rows_down: int) -> float:
    return rows_down if rows_down >= 0 else -UPWARD_COST * rows_down


def _best_sweep(order: list[int], neighbours: Sequence[Sequence[Neighbour]], between: LaneEdges) -> list[int]:
    """Moves lanes to the middle of the lanes that they are connected to, as long as that shortens the arrows."""
    best, best_cost = order, _cost(order, between)
    for _ in range(SWEEPS):
        rank = {lane: at for at, lane in enumerate(order)}

        def middle(lane: int, rank: dict[int, int] = rank) -> float:
            total = sum(count for _, count, _ in neighbours[lane])
            weighted = sum(count * (rank[other] + (0.5 if first else -0.5)) for other, count, first in neighbours[lane])
            return weighted / total if total else float(rank[lane])

        order = sorted(order, key=lambda lane: (middle(lane), rank[lane]))
        cost = _cost(order, between)
        if cost < best_cost:
            best, best_cost = order, cost
    return best


def _sift(order: list[int], neighbours: Sequence[Sequence[Neighbour]], groups: Sequence[int]) -> list[int]:
    """Takes each lane out and puts it where the arrows are shortest within its group, until nothing gets better."""
    for _ in range(SWEEPS):
        before = order
        for lane in list(order):
            order = _place_best(lane, order, neighbours, groups)
        if order == before:
            break
    return order


def _place_best(
    lane: int, order: list[int], neighbours: Sequence[Sequence[Neighbour]], groups: Sequence[int]
) -> list[int]:
    """A lane between two others also makes the arrows longer that pass it; so all places are compared by both."""
    others = [one for one in order if one != lane]
    rank = {one: at for at, one in enumerate(others)}
    passing = _passing_costs(others, rank, lane, neighbours)

    def cost(place: int) -> float:
        own = 0.0
        for other, count, other_first in neighbours[lane]:
            at = rank[other] if rank[other] < place else rank[other] + 1
            own += count * _edge_cost(place - at if other_first else at - place)
        return own + passing[place]

    current = order.index(lane)
    places = [at for at, other in enumerate(order) if groups[other] == groups[lane]]
    best = min(places, key=lambda place: (cost(place), abs(place - current)))
    return [*others[:best], lane, *others[best:]]


def _passing_costs(
    others: Sequence[int], rank: dict[int, int], lane: int, neighbours: Sequence[Sequence[Neighbour]]
) -> list[float]:
    """For each place, what the arrows cost that pass it: each becomes longer by one."""
    steps = [0.0] * (len(others) + 2)
    for source in others:
        for target, count, target_first in neighbours[source]:
            if target_first or target == lane:
                continue
            low, high = sorted((rank[source], rank[target]))
            extra = count * (1.0 if rank[source] < rank[target] else UPWARD_COST)
            steps[low + 1] += extra
            steps[high + 1] -= extra
    costs, total = [], 0.0
    for change in steps[: len(others) + 1]:
        total += change
        costs.append(total)
    return costs

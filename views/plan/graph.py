"""The graph of a plan: layers, direct arrows, the longest chain."""

from __future__ import annotations

from compiler.plan.plan import Plan


def longest_chain(plan: Plan) -> list[int]:
    """Positions of a longest path of steps that wait for each other."""
    length, before = [1] * len(plan.steps), [-1] * len(plan.steps)
    for position in _topological_order(plan):
        for earlier in plan.steps[position].after:
            if length[earlier] + 1 > length[position]:
                length[position], before[position] = length[earlier] + 1, earlier
    position = max(range(len(length)), key=lambda at: (length[at], -at), default=-1)
    chain: list[int] = []
    while position >= 0:
        chain.append(position)
        position = before[position]
    return chain[::-1]


def _topological_order(plan: Plan) -> list[int]:
    """Positions so that each comes after those that it waits for."""
    waiting = [len(step.after) for step in plan.steps]
    followers: list[list[int]] = [[] for _ in plan.steps]
    for position, step in enumerate(plan.steps):
        for earlier in step.after:
            followers[earlier].append(position)
    ready = [position for position, count in enumerate(waiting) if not count]
    for position in ready:
        for follower in followers[position]:
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    return ready


def topological_layers(plan: Plan) -> list[int]:
    """For each step how many steps must be done one after the other before it."""
    layer = [0] * len(plan.steps)
    for position in _topological_order(plan):
        layer[position] = max((layer[earlier] + 1 for earlier in plan.steps[position].after), default=0)
    return layer


def direct_edges(plan: Plan) -> list[tuple[int, int]]:
    """(earlier, later) without those that a longer way through other steps says already."""
    reach = [0] * len(plan.steps)
    arrows: list[tuple[int, int]] = []
    for position in _topological_order(plan):
        earlier = plan.steps[position].after
        beyond = 0
        for each in earlier:
            beyond |= reach[each]
        arrows += [(each, position) for each in earlier if not beyond >> each & 1]
        reach[position] = beyond | sum(1 << each for each in earlier)
    return sorted(arrows)

"""Acts in bulk: who is meant, and when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.bulk.bulk_runner import BulkFilter, BulkPacing, BulkResult, BulkRunner, BulkTarget, select_matching
from operations.errors import NoWorker, OperationRefused
from tests.support.order_views import step_view
from workflows.contract.order_messages import ActionResult
from workflows.contract.order_views import ErrorView, StepView
from workflows.contract.states import StepState
from workflows.contract.worklists import WorklistItem

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
QUICK = BulkPacing(per_second=10_000, max_failures=3, watch_seconds=0.0)


def fallen(number: int = 1, code: str = "out_of_stock", hours: float = 0, **more: Any) -> StepView:
    error = ErrorView(code=code, message=f"{code}!", at=NOON - timedelta(hours=hours))
    return step_view(number, f"camera.s{number}@1", StepState.FATALLY_FAILED, error=error, **more)


def of_order(order_id: str, step: StepView, **more: Any) -> WorklistItem:
    return WorklistItem(order_id, more.get("customer", "C-1"), more.get("products", ["home"]), step)


FOUND = [
    of_order("O-1", fallen(code="out_of_stock", hours=1, system="inventory")),
    of_order("O-2", fallen(code="http_503", hours=3, system="inventory", queue="stock")),
    of_order("O-3", fallen(code="http_503", hours=2, system="billing"), products=["wan"], customer="C-2"),
    of_order("O-4", fallen(code="timeout", hours=5, escalated_to="field")),
]


@pytest.mark.parametrize(
    ("wanted", "orders"),
    [
        (BulkFilter(), ["O-4", "O-2", "O-3", "O-1"]),
        (BulkFilter(system="inventory"), ["O-2", "O-1"]),
        (BulkFilter(code="http_503"), ["O-2", "O-3"]),
        (BulkFilter(system="inventory", code="http_503"), ["O-2"]),
        (BulkFilter(product="wan"), ["O-3"]),
        (BulkFilter(customer="C-1", limit=2), ["O-4", "O-2"]),
        (BulkFilter(queue="stock"), ["O-2"]),
        (BulkFilter(queue="field"), ["O-4"]),
        (BulkFilter(since=NOON - timedelta(hours=2)), ["O-3", "O-1"]),
        (BulkFilter(system="other"), []),
    ],
)
def test_a_filter_chooses_what_fits_all_of_it_and_the_longest_waiting_first(
    wanted: BulkFilter, orders: list[str]
) -> None:
    assert [each.order_id for each in select_matching(wanted, FOUND)] == orders


class World:
    """What acts are answered with and what is seen afterwards; by order."""

    def __init__(self, **seen: StepState) -> None:
        self.seen, self.done = seen, list[str]()
        self.errors: dict[str, Exception] = {}

    async def do(self, target: BulkTarget) -> ActionResult:
        if target.order_id in self.errors:
            raise self.errors[target.order_id]
        self.done.append(target.order_id)
        return ActionResult(message="retried", already=target.order_id == "already")

    async def look(self, target: BulkTarget) -> StepView | None:
        state = self.seen.get(target.order_id, StepState.COMPLETED)
        return fallen() if state is StepState.FATALLY_FAILED else step_view(1, "camera.s1@1", state)


async def outcomes(
    world: World, targets: list[BulkTarget], pace: BulkPacing = QUICK, look: bool = True
) -> tuple[BulkRunner, dict[str, str]]:
    runner = BulkRunner(world.do, world.look if look else None, pace, "ann")
    results: list[BulkResult] = [result async for result in runner.run(targets)]
    assert set(runner.summary.results) == set(targets)
    assert len(results) >= len(targets)
    return runner, {target.order_id: result.outcome for target, result in runner.summary.results.items()}


def targets(*names: str) -> list[BulkTarget]:
    return [BulkTarget(name, fallen()) for name in names]


async def test_all_are_done_and_the_summary_says_so() -> None:
    runner, found = await outcomes(World(), targets("a", "b", "already"))
    assert found == {"a": "done", "b": "done", "already": "already"}
    assert runner.summary.is_success


async def test_what_is_refused_is_told_and_the_others_are_done() -> None:
    world = World()
    world.errors["b"] = OperationRefused("stale", "it is completed by now")
    runner, found = await outcomes(world, targets("a", "b", "c"))
    assert found == {"a": "done", "b": "refused", "c": "done"}
    (refused,) = runner.summary.with_outcome("refused")
    assert (refused.code, refused.message) == ("stale", "it is completed by now")
    assert not runner.summary.is_success


async def test_no_more_than_the_threshold_are_burnt_by_a_wrong_fix() -> None:
    names = [f"o{number}" for number in range(20)]
    world = World(**dict.fromkeys(names, StepState.FATALLY_FAILED))
    runner, found = await outcomes(world, targets(*names))
    assert world.done == names[:3]
    assert [found[name] for name in names] == ["failed_again"] * 3 + ["left"] * 17
    assert runner.summary.stop_reason == "3 have failed"


class SlowWorld(World):
    """Steps that run for `seconds` after they were tried, and then fail or complete. Time passes only while the runner
    sleeps."""

    def __init__(self, seconds: float, ends: StepState = StepState.FATALLY_FAILED) -> None:
        super().__init__()
        self.seconds, self.ends, self.now = seconds, ends, 0.0
        self.tried_at: dict[str, float] = {}

    async def do(self, target: BulkTarget) -> ActionResult:
        self.tried_at[target.order_id] = self.now
        return await super().do(target)

    async def look(self, target: BulkTarget) -> StepView | None:
        running = self.now < self.tried_at[target.order_id] + self.seconds
        self.seen[target.order_id] = StepState.IN_PROGRESS if running else self.ends
        return await super().look(target)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def run(self, names: list[str], pacing: BulkPacing) -> BulkRunner:
        runner = BulkRunner(self.do, self.look, pacing, "ann", clock=lambda: self.now)
        runner.sleep = self.sleep
        async for _ in runner.run(targets(*names)):
            pass
        return runner


@pytest.mark.parametrize("threshold", [1, 2, 4])
async def test_no_more_than_the_threshold_are_tried_before_their_outcome_is_known(threshold: int) -> None:
    names = [f"o{number}" for number in range(8)]
    world = SlowWorld(seconds=3.0)
    runner = await world.run(names, BulkPacing(per_second=1_000, max_failures=threshold))
    assert world.done == names[:threshold]
    assert runner.summary.stop_reason == ("1 has failed" if threshold == 1 else f"{threshold} have failed")
    assert len(runner.summary.with_outcome("left")) == len(names) - threshold


async def test_next_targets_are_tried_as_soon_as_earlier_ones_are_known_to_succeed() -> None:
    names = [f"o{number}" for number in range(6)]
    world = SlowWorld(seconds=3.0, ends=StepState.COMPLETED)
    runner = await world.run(names, BulkPacing(per_second=1_000, max_failures=2))
    assert runner.summary.is_success
    rounds = [world.tried_at[name] // 3.0 for name in names]
    assert rounds == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]


async def test_step_that_still_runs_when_the_watch_ends_no_longer_counts() -> None:
    names = [f"o{number}" for number in range(3)]
    world = SlowWorld(seconds=1_000.0)
    await world.run(names, BulkPacing(per_second=1_000, max_failures=1, watch_seconds=5.0))
    assert [world.tried_at[name] // 5.0 for name in names] == [0.0, 1.0, 2.0]


async def test_what_is_not_known_yet_counts_against_the_threshold_until_patience_is_over() -> None:
    names = [f"o{number}" for number in range(4)]
    world = World(**dict.fromkeys(names, StepState.IN_PROGRESS))
    _, found = await outcomes(world, targets(*names), BulkPacing(per_second=10_000, max_failures=1, watch_seconds=0.01))
    assert set(found.values()) == {"done"}


async def test_one_that_is_still_failing_when_patience_is_over_has_failed_again() -> None:
    _, found = await outcomes(World(a=StepState.FAILED), targets("a"))
    assert found == {"a": "failed_again"}


async def test_a_command_that_is_wrong_ends_as_a_wrong_fix_does() -> None:
    names = [f"o{number}" for number in range(6)]
    world = World()
    world.errors = {name: OperationRefused("invalid", "the form asks for `outcome`") for name in names}
    runner, found = await outcomes(world, targets(*names), look=False)
    assert [found[name] for name in names] == ["refused"] * 3 + ["left"] * 3
    assert runner.summary.stop_reason == "3 have failed"


async def test_without_a_threshold_all_are_tried() -> None:
    names = [f"o{number}" for number in range(8)]
    world = World(**dict.fromkeys(names, StepState.FATALLY_FAILED))
    runner, found = await outcomes(
        world, targets(*names), BulkPacing(per_second=10_000, max_failures=None, watch_seconds=0.0)
    )
    assert set(found.values()) == {"failed_again"}
    assert runner.summary.stop_reason is None


async def test_what_somebody_else_has_is_left_to_them() -> None:
    theirs, mine = BulkTarget("a", fallen(holder="bob")), BulkTarget("b", fallen(holder="ann"))
    runner, found = await outcomes(World(), [theirs, mine])
    assert found == {"a": "left", "b": "done"}
    assert runner.summary.results[theirs].message == "bob holds it"


async def test_where_no_worker_answers_it_ends_at_once() -> None:
    world = World()
    world.errors["b"] = NoWorker("Order b")
    runner, found = await outcomes(world, targets("a", "b", "c"), look=False)
    assert found == {"a": "done", "b": "left", "c": "left"}
    assert "no worker" in str(runner.summary.stop_reason)


async def test_ending_it_midway_leaves_the_rest() -> None:
    world = World()
    runner = BulkRunner(world.do, world.look, QUICK, "ann")
    async for _ in runner.run(targets("a", "b", "c")):
        break
    assert world.done == ["a"]


async def test_acts_are_paced() -> None:
    """By the runner's own clock: each waits for its turn."""
    waited: list[float] = []
    world, clock = World(), [0.0]
    runner = BulkRunner(world.do, None, BulkPacing(per_second=2), "ann", clock=lambda: clock[0])

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    runner.sleep = sleep
    async for _ in runner.run(targets("a", "b", "c")):
        pass
    assert waited == [0.0, 0.5, 0.5]

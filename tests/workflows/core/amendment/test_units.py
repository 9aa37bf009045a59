"""Which unit goes when fewer are wanted, and that numbers of units stay (docs/amending.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from activities.compilation.compile_amendment import try_compile_amendment
from activity_contract.compilation import CompileAmendmentInput, CompiledAmendment
from compiler.compile_order import compile_order, compile_with_warnings
from compiler.plan.codec import decode_plan, encode_plan
from tests.support.compiler.plan_sketch import catalogue_of, line, order_of
from tests.support.core.order_driver import ANN, OrderDriver
from workflows.contract.order_messages import StepAction
from workflows.core.amendment import apply, impact
from workflows.core.amendment.impact import AmendedPlan
from workflows.core.amendment.unit_weights import step_weights

PACK = """
kind: commercial_product
id: pack
decomposes_to: [{product: router, actions: [add]}, {product: visit}]
---
kind: technical_product
id: router
per: unit
decomposes_to: [{product: sim}]
steps:
  pick:
    manual: {queue: store, instructions: "Pick ${index}"}
    undo: {manual: {queue: store, instructions: "Put ${index} back"}}
  pack: {after: [pick], manual: {queue: store, instructions: "Pack ${index}"}}
  ship: {after: [pack], point_of_no_return: true, manual: {queue: store, instructions: "Ship ${index}"}}
---
kind: technical_product
id: sim
steps: {activate: {after: [router.pick], manual: {queue: store, instructions: Activate}}}
---
kind: technical_product
id: visit
per: order
steps: {go: {after: [router.ship], milestone: true}}
"""


class Units(OrderDriver):
    """An order of routers, which is amended to other quantities."""

    def __init__(self, folder: Path, quantity: int) -> None:
        self.catalogue = catalogue_of(folder, PACK)
        super().__init__(compile_order(self.order(quantity), self.catalogue))

    def order(self, quantity: int, **more: Any) -> dict[str, Any]:
        return order_of(line("1", "pack", quantity=quantity), **more)

    def done(self, *steps: str) -> None:
        for step in steps:
            self.perform("complete", StepAction(step=step, actor=ANN))

    def compile(self, quantity: int, *drop_units: str) -> CompiledAmendment:
        request = CompileAmendmentInput(
            order=self.order(quantity, drop_units=list(drop_units)),
            plan=encode_plan(self.run.plan),
            retired=list(self.run.amendments.retired),
            step_weights=step_weights(self.run),
        )
        return try_compile_amendment(request, self.catalogue)

    def amend(self, quantity: int, *drop_units: str) -> None:
        compiled = self.compile(quantity, *drop_units)
        assert not compiled.findings, compiled.findings
        plan = AmendedPlan(
            decode_plan(compiled.plan),
            frozenset(compiled.retired),
            frozenset(compiled.changed),
            frozenset(compiled.seen_otherwise),
            frozenset(compiled.former_lines),
        )
        fates = impact.step_fates(self.run, plan)
        assert impact.ponr_barriers(self.run, fates) == ([], [])
        apply.apply_amendment(self.run, plan, fates)
        self.plan = self.run.plan
        self.advance()

    def units(self) -> list[int]:
        """Numbers of the units that the order has."""
        retired = self.run.amendments.retired
        picks = [
            planned.id
            for position, planned in enumerate(self.plan.steps)
            if position not in retired and planned.id.startswith("router.pick")
        ]
        return sorted(int(id_.rpartition("#")[2]) for id_ in picks)

    def message(self, quantity: int, *drop_units: str) -> str:
        (finding,) = self.compile(quantity, *drop_units).findings
        return str(finding["message"])


@pytest.fixture
def three(tmp_path: Path) -> Units:
    return Units(tmp_path, 3)


def test_without_progress_the_last_unit_goes(three: Units) -> None:
    three.amend(2)
    assert three.units() == [1, 2]


def test_what_has_not_begun_goes_first(three: Units) -> None:
    three.done("router.pick@1#3", "router.pack@1#3", "router.ship@1#3")
    three.amend(2)
    assert three.units() == [1, 3]
    three.amend(1)
    assert three.units() == [3]


def test_the_unit_that_has_done_least_goes(three: Units) -> None:
    three.done("router.pick@1#1", "router.pick@1#2", "router.pick@1#3", "router.pack@1#2", "sim.activate@1#3")
    three.amend(2)
    assert three.units() == [2, 3]
    three.done("sim.activate@1#2")
    three.amend(1)
    assert three.units() == [2]


def test_work_below_a_unit_counts_as_the_units(three: Units) -> None:
    three.done(*(f"router.pick@1#{number}" for number in (1, 2, 3)), "sim.activate@1#3")
    three.amend(1)
    assert three.units() == [3]


def test_a_unit_that_was_rolled_back_goes_first(three: Units) -> None:
    three.roll_back("router@1#1")
    three.amend(2)
    assert three.units() == [2, 3]


def test_numbers_are_never_changed_nor_used_again(three: Units) -> None:
    three.done("router.pick@1#2", "router.pick@1#3")
    three.amend(2)
    assert three.units() == [2, 3]
    three.amend(4)
    assert three.units() == [2, 3, 4, 5]
    three.amend(4)
    assert three.units() == [2, 3, 4, 5]
    three.amend(3)
    three.amend(4)
    assert three.units() == [2, 3, 4, 6]
    indexes = {line.id: line.index for line in three.plan.fulfilment_lines if line.per == "unit"}
    assert indexes == {f"router@1#{number}": number for number in range(1, 7)}


def test_the_same_quantity_changes_nothing(three: Units) -> None:
    three.done("router.pick@1#1")
    three.amend(2)
    compiled = three.compile(2)
    assert (compiled.changed, compiled.lines_added, compiled.lines_removed) == ([], [], [])
    assert compiled.retired == sorted(three.run.amendments.retired)


def test_an_order_names_the_unit_that_goes(three: Units) -> None:
    three.done("router.pick@1#1")
    three.amend(2, "router@1#1")
    assert three.units() == [2, 3]
    three.amend(2, "router@1#1")
    assert three.units() == [2, 3]
    three.amend(3, "router@1#1")
    assert three.units() == [2, 3, 4]


def test_a_named_unit_goes_beside_the_one_that_has_done_least(three: Units) -> None:
    three.done("router.pick@1#1")
    three.amend(1, "router@1#2")
    assert three.units() == [1]


def test_wrong_names_of_units_are_rejected_by_name(three: Units) -> None:
    assert three.message(2, "router@1#9").startswith("the running order has no unit `router@1#9`; did you mean `router")
    assert three.message(3, "router@1#1") == (
        "the quantity of `router@1` does not go down to 3, and `drop_units` names `router@1#1`: name at most as many "
        "units as go"
    )
    assert "goes down by 1 to 2" in three.message(2, "router@1#1", "router@1#2")


def test_an_order_that_does_not_run_yet_has_no_units_to_name(three: Units) -> None:
    compilation = compile_with_warnings(three.order(2, drop_units=["router@1#1"]), three.catalogue)
    assert [warning.code for warning in compilation.warnings] == ["drop-units-ignored"]
    assert compilation.plan
    assert [line.index for line in compilation.plan.fulfilment_lines if line.per == "unit"] == [1, 2]


def test_an_input_of_an_earlier_release_drops_the_last_unit(three: Units) -> None:
    three.done("router.pick@1#3")
    request = CompileAmendmentInput(order=three.order(2), plan=encode_plan(three.run.plan))
    compiled = try_compile_amendment(request, three.catalogue)
    gone = {decode_plan(compiled.plan).steps[at].id for at in compiled.retired}
    assert gone == {"router.pick@1#3", "router.pack@1#3", "router.ship@1#3", "sim.activate@1#3"}

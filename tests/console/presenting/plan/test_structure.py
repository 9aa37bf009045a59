"""The structure of a plan: what the instances of a step share, lanes, predecessors, owners."""

from __future__ import annotations

from console.presenting.plan.structure import plan_structure
from tests.support.core.driven_orders import driven_order


def test_each_step_has_its_definition_lane_and_predecessors() -> None:
    driven = driven_order(5)
    structure = plan_structure(driven.order, driven.steps, driven.plan.definitions)
    ship = driven.position("wan_router.ship@1.2")
    step = structure.steps[ship]
    definition = structure.definitions[step.definition]
    assert (definition.workstream, definition.step, definition.kind) == ("wan_router", "ship", "call")
    lane = structure.lanes[step.lane]
    assert (lane.title, lane.suffix) == ("WAN router", "1.2")
    assert ship in lane.steps
    assert driven.position("wan_router.reserve@1.2") in step.after
    assert step.owner == lane.owner == ("1", "1.2")
    ids = {
        f"{definition.workstream}.{definition.step}" + (f"@{lane.suffix}" if lane.suffix else "")
        for each in structure.steps
        for definition, lane in [(structure.definitions[each.definition], structure.lanes[each.lane])]
    }
    assert ids == {each.id for each in driven.steps}


def test_the_plan_says_what_the_record_does_not() -> None:
    driven = driven_order(5)
    known = plan_structure(driven.order, driven.steps, driven.plan.definitions)
    order_circuit = next(each for each in known.definitions if each.workstream == "access_circuit")
    assert order_circuit.facts is not None
    assert order_circuit.facts.is_final
    facts = dict(order_circuit.facts.texts)
    assert facts["Does"].startswith("call ")
    assert "attempt" in facts["Attempts"]
    recorded = plan_structure(driven.order, driven.steps)
    assert [each.facts for each in recorded.definitions] == [None] * len(recorded.definitions)
    assert recorded.steps == known.steps


def test_an_order_without_steps_has_a_structure_without_any() -> None:
    driven = driven_order(5)
    structure = plan_structure(driven.order, [])
    assert (structure.steps, structure.lanes, structure.definitions) == ((), (), ())

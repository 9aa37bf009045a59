"""States as scripts read them: a letter for each step, more only of those that have more to tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from console.presenting.plan.states import has_more_to_tell, states_json, step_item
from tests.support.core.driven_orders import driven_order
from tests.support.order_views import START, step_view
from workflows.contract.order_views import ErrorView, SystemHoldView, UndoView
from workflows.contract.states import Jeopardy, StepState

LATER = START + timedelta(minutes=5)


def test_every_step_has_a_state_and_its_times() -> None:
    driven = driven_order(5)
    read = json.loads(json.dumps(states_json(driven.order, driven.steps, driven.now, "7")))
    assert [read["letters"][letter] for letter in read["states"]] == [step.state.value for step in driven.steps]
    assert read["mark"] == "7"
    origin = datetime.fromisoformat(read["origin"])
    for step, start, end in zip(driven.steps, read["starts"], read["ends"], strict=True):
        expected_start, expected_end = step.started_at or step.expected_start, step.ended_at or step.expected_end
        assert expected_start is None or abs(origin + timedelta(seconds=start) - expected_start) < timedelta(seconds=1)
        assert (end is None) == (expected_end is None)


def test_fallout_is_told_in_full_and_quiet_steps_are_not() -> None:
    driven = driven_order(5)
    read = states_json(driven.order, driven.steps, driven.now, "")
    told = {item["number"]: item for item in read["items"]}
    failed = driven.steps[driven.position("wan_router.reserve@1.5")]
    assert told[failed.number]["error"]["code"] == "out_of_stock"
    assert told[failed.number]["state"] == "fatally_failed"
    quiet = {step.number for step in driven.steps if step.state is StepState.PENDING}
    assert quiet
    assert not quiet & set(told)


def test_what_a_step_has_to_tell() -> None:
    undo = UndoView(state="in_progress", attempts=2)
    settled = step_view(1, "camera.reserve@1", StepState.COMPLETED)
    assert not has_more_to_tell(settled)
    assert not has_more_to_tell(step_view(1, "camera.reserve@1", StepState.PENDING))
    assert not has_more_to_tell(settled.model_copy(update={"undo": undo.model_copy(update={"state": "completed"})}))
    for change in (
        {"undo": undo},
        {"attempts": 2},
        {"jeopardy": Jeopardy.LATE},
        {"error": ErrorView(code="gone", message="gone")},
        {"state": StepState.ON_HOLD},
    ):
        assert has_more_to_tell(settled.model_copy(update=change)), change


def test_an_item_has_what_the_card_shows() -> None:
    hold = SystemHoldView(system="crm", off=True)
    step = step_view(
        3,
        "camera.ship@1",
        StepState.ON_HOLD,
        system_hold=hold,
        late_at=LATER,
        jeopardy=Jeopardy.AT_RISK,
        undo=UndoView(state="failed", attempts=1, next_attempt_at=LATER, error=ErrorView(code="x", message="y")),
    )
    item = step_item(step)
    assert item["hold"] == "system crm, which is switched off"
    assert item["late_at"] == LATER.isoformat()
    assert item["undo"]["next_attempt_at"] == LATER.isoformat()
    assert item["undo"]["error"] == {"code": "x", "message": "y", "at": None}
    assert "holder" not in item
    assert json.loads(json.dumps(item)) == item


def test_times_of_an_order_that_has_not_begun_are_unknown() -> None:
    driven = driven_order(5)
    step = driven.steps[0].model_copy(
        update={"started_at": None, "ended_at": None, "expected_start": None, "expected_end": None}
    )
    read = states_json(driven.order, [step], datetime.now(UTC), "")
    assert (read["starts"], read["ends"]) == ([None], [None])

"""What becomes due, and when."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from compiler.language.scenario_expectations import MomentExpectation
from compiler.language.scenario_world import WorldEntry
from scenarios.world.schedule import Due, Schedule

ENTRIES: TypeAdapter[list[WorldEntry]] = TypeAdapter(list[WorldEntry])
HOUR = 3600.0


def schedule(*world: dict[str, Any], moments: tuple[dict[str, Any], ...] = ()) -> Schedule:
    return Schedule(ENTRIES.validate_python(list(world)), [MomentExpectation.model_validate(one) for one in moments])


def test_entries_without_a_step_are_due_after_the_start() -> None:
    found = schedule({"after": "1h", "note": "a"}, {"when": "a.b", "note": "b"}, {"after": "0s", "cancel": True})
    assert list(found.at_start()) == [Due("world", 0, HOUR), Due("world", 2, 0.0)]


def test_entry_with_a_step_is_due_for_each_instance_once() -> None:
    found = schedule({"when": "a.b", "after": "1h", "note": "x"})
    assert list(found.step_moved("a.b@1", "in_progress", undo=False, at=10.0)) == [
        Due("world", 0, 10.0 + HOUR, "a.b@1")
    ]
    assert list(found.step_moved("a.b@1", "in_progress", undo=False, at=20.0)) == []
    assert list(found.step_moved("a.b@2", "in_progress", undo=False, at=30.0)) == [
        Due("world", 0, 30.0 + HOUR, "a.b@2")
    ]


def test_entry_is_due_only_in_its_state_and_for_its_work() -> None:
    found = schedule({"when": {"step": "a.b@1", "state": "completed", "of": "undo"}, "note": "x"})
    assert list(found.step_moved("a.b@1", "completed", undo=False, at=0.0)) == []
    assert list(found.step_moved("a.b@1", "in_progress", undo=True, at=0.0)) == []
    assert list(found.step_moved("a.b@2", "completed", undo=True, at=0.0)) == []
    assert list(found.step_moved("a.b@1", "completed", undo=True, at=0.0)) == [Due("world", 0, 0.0, "a.b@1")]


def test_acts_that_end_a_wait_are_used_in_turn_and_others_are_not() -> None:
    found = schedule(
        {"when": "a.b", "complete": {"n": 1}, "times": 2},
        {"when": "a.b", "complete": {"n": 2}},
        {"when": "a.b", "note": "each time", "times": 9},
        {"when": "a.b", "complete": {"n": 3}, "refused": "invalid", "times": 9},
    )
    positions = [
        [due.position for due in found.step_moved("a.b@1", "in_progress", undo=False, at=0.0)] for _ in range(4)
    ]
    assert positions == [[0, 2, 3], [0, 2, 3], [1, 2, 3], [2, 3]]


def test_moment_is_due_for_the_first_instance_only() -> None:
    found = schedule(moments=({"when": "a.b", "after": "1h", "order": "held"}, {"after": "2h", "order": "held"}))
    assert list(found.at_start()) == [Due("moment", 1, 2 * HOUR)]
    assert list(found.step_moved("a.b@2", "in_progress", undo=False, at=0.0)) == [Due("moment", 0, HOUR, "a.b@2")]
    assert list(found.step_moved("a.b@1", "in_progress", undo=False, at=5.0)) == []


def test_what_has_not_happened_says_why() -> None:
    found = schedule(
        {"after": "1h", "note": "a"},
        {"when": "a.b", "note": "b"},
        {"when": {"step": "a.b", "state": "completed", "of": "undo"}, "note": "c"},
        {"after": "2h", "note": "d"},
    )
    found.happened(3)
    assert [(one.path, one.message) for one in found.missing()] == [
        (("world", 0), "this has not happened: the order had ended by then"),
        (("world", 1), "this has not happened: a.b was never in_progress"),
        (("world", 2), "this has not happened: the undo of a.b was never completed"),
    ]
    assert next(found.missing("its `until` is over")).message == "this has not happened: its `until` is over"

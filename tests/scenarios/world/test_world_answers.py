"""Which answer a call gets."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from compiler.language.scenario_world import WorldEntry
from scenarios.world.world_answers import WorldAnswers

ENTRIES: TypeAdapter[list[WorldEntry]] = TypeAdapter(list[WorldEntry])


def book(*world: dict[str, Any]) -> WorldAnswers:
    return WorldAnswers(ENTRIES.validate_python(list(world)))


def status(found: WorldAnswers, step: str = "a.b@1", work: Any = "do") -> int | None:
    answer = found.take(step, work)
    return None if answer is None else answer.status


def test_answers_are_used_in_order_and_the_last_one_for_all_that_follow() -> None:
    found = book(
        {"on": "a.b", "answer": {"status": 500}, "times": 2},
        {"on": "a.b", "answer": {"status": 409}, "times": 1},
        {"on": "a.b", "answer": {}},
    )
    assert [status(found) for _ in range(5)] == [500, 500, 409, 200, 200]
    assert list(found.unused()) == []


def test_each_instance_counts_for_itself() -> None:
    found = book({"on": "a.b", "answer": {"status": 500}, "times": 1})
    assert [status(found, "a.b@1"), status(found, "a.b@2"), status(found, "a.b@1")] == [500, 500, None]


def test_work_and_instance_are_told_apart() -> None:
    found = book({"on": "a.b@2", "answer": {"status": 500}}, {"on": "a.b", "of": "undo", "answer": {"status": 409}})
    assert [status(found, "a.b@1"), status(found, "a.b@2"), status(found, "a.b@1", "undo")] == [None, 500, 409]
    assert status(found, "a.c@2") is None


def test_unused_answers_are_named_with_their_place() -> None:
    found = book(
        {"on": "a.b", "answer": {}, "times": 3}, {"after": "1h", "note": "x"}, {"on": "a.c", "of": "poll", "answer": {}}
    )
    status(found)
    assert [(one.path, one.message) for one in found.unused()] == [
        (("world", 0, "times"), "one call asked for this answer (a.b), not 3"),
        (("world", 2), "no call asked for this answer (poll of a.c)"),
    ]

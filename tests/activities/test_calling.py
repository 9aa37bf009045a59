"""CALL_SYSTEM: what is sent, and what comes back."""

from __future__ import annotations

from tests.activities.conftest import World
from tests.activities.scripted import Reply


async def test_a_call_sends_method_path_query_headers_and_body_and_gives_back_the_answers_body(world: World) -> None:
    world.server.answers(Reply(201, {"id": "R-1"}))
    answer = await world.call(
        query={"site": "B 1", "tag": ["a", "b"], "none": None, "yes": True},
        headers={"X-A": "1"},
        body={"sku": "cam", "n": 2},
    )
    assert (answer.status, answer.output, answer.attempts) == (201, {"id": "R-1"}, 1)
    received = world.server.received[0]
    assert (received.method, received.path) == ("POST", "/reservations")
    assert received.query == [("site", "B 1"), ("tag", "a"), ("tag", "b"), ("yes", "true")]
    assert received.json == {"sku": "cam", "n": 2}
    assert received.headers["x-a"] == "1"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["accept"] == "application/json"


async def test_a_call_carries_its_idempotency_key_whatever_its_headers_say(world: World) -> None:
    await world.call(headers={"idempotency-key": "mine"})
    assert world.server.received[0].headers["idempotency-key"] == "HS-1001/security_camera.reserve@1/do/1"

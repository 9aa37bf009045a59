"""A call can only reach URLs below its system's base_url."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.attempts.failure import AttemptFailure
from activities.systems.urls import BaseUrl, build_url, parse_base_url, redirect_target
from activity_contract.calls import DEFINITION_ERROR
from tests.activities.conftest import World
from tests.support.servers.scripted_system import Reply, ScriptedServer

BASE = parse_base_url("http://systems.example:8100/inventory")

ASTRAY = [
    "/../billing/invoices", "/reservations/..", "/./x", "..", "/reservations/%2e%2e/x", "/%2E%2E%2Fbilling",
    "/%252e%252e/billing", "/%25252e%25252e/billing", "/..;/billing", "/x/..%3b/y", "//evil.example/x", "/a//b", "///",
    "http://evil.example/x", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/x%5c..%5cy",
    "/x?admin=true", "/x#fragment",
    "/x%0d%0aHost:evil", "/x\r\nX: y", "/x\x00", "/x%00", "/\t../x", "/ ../x", "/%20..%20/x",
]  # fmt: skip


@pytest.mark.parametrize("path", ASTRAY)
async def test_path_cannot_leave_the_base_url(world: World, path: str) -> None:
    failed = await world.failure(path=path)
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)
    assert not world.server.received


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/reservations/R-1", "/reservations/R-1"),
        ("reservations", "/reservations"),
        ("/reservations/", "/reservations/"),
        ("/a%2Fb", "/a%2Fb"),
        ("/a b/ü", "/a%20b/%C3%BC"),
        ("/100%", "/100%25"),
        ("/what%3Fis", "/what%3Fis"),
        ("/v1.2/..x/x..", "/v1.2/..x/x.."),
        ("/a:b@c;d=1,2", "/a:b@c;d=1,2"),
        ("", ""),
        ("/", "/"),
    ],
)
def test_other_paths_stay_below_the_base_url(path: str, sent: str) -> None:
    assert build_url(BASE, path, {}, "x") == f"http://systems.example:8100/inventory{sent}"


@given(st.text(max_size=60))
def test_arbitrary_path_never_leaves_the_base_url(path: str) -> None:
    url = None
    with suppress(AttemptFailure):
        url = build_url(BASE, path, {}, "x")
    if url is None:
        return
    parsed = httpx.URL(url)
    assert (parsed.host, parsed.port) == ("systems.example", 8100)
    assert parsed.raw_path.startswith(b"/inventory")
    assert b"?" not in parsed.raw_path
    assert b".." not in parsed.raw_path.split(b"/")


@pytest.mark.parametrize(
    "url",
    [
        "", "inventory", "ftp://x", "http://", "http:///x", "http://user:pw@x", "http://x?y", "http://x#y", "http://x:99999",
        "http://x y", "http://x\n", "file:///etc/passwd", "http://x/?",
    ],
)  # fmt: skip
def test_invalid_base_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="it"):
        parse_base_url(url)


def test_base_url_keeps_port_path_and_ipv6_host() -> None:
    assert parse_base_url("http://[::1]:8100/a/") == BaseUrl("http://[::1]:8100", "/a")
    assert parse_base_url("https://x") == BaseUrl("https://x", "")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/inventory/new", "http://systems.example:8100/inventory/new"),
        ("new", "http://systems.example:8100/inventory/new"),
        ("http://systems.example:8100/inventory/x?y=1#z", "http://systems.example:8100/inventory/x?y=1"),
        ("/billing/x", None),
        ("../billing", None),
        ("/inventory/%2e%2e/billing", None),
        ("/inventoryx", None),
        ("//evil.example/inventory/x", None),
        ("http://evil.example/inventory/x", None),
        ("https://systems.example:8100/inventory/x", None),
        ("http://systems.example/inventory/x", None),
        ("http://a@systems.example:8100/inventory/x", None),
        ("http://[", None),
        ("\\\\evil.example\\inventory", None),
    ],
)
def test_redirect_is_followed_only_below_the_base_url(location: str, target: str | None) -> None:
    assert redirect_target(BASE, "http://systems.example:8100/inventory/old", location) == target


async def test_redirect_keeps_method_body_and_credentials(world: World) -> None:
    world.definition["base_url"] += "/inventory"
    world.definition["headers"] = {"X-A": "1"}
    world.server.answers(Reply(307, headers={"Location": "/inventory/moved"}), Reply(200, {"id": 1}))
    assert (await world.call(body={"a": 1})).output == {"id": 1}
    moved = world.server.received[1]
    assert (moved.method, moved.path, moved.json, moved.headers["x-a"]) == ("POST", "/inventory/moved", {"a": 1}, "1")


async def test_redirect_to_another_host_fails_without_a_request_to_it(world: World) -> None:
    elsewhere = ScriptedServer()
    await elsewhere.start()
    try:
        world.server.answers(Reply(307, headers={"Location": f"{elsewhere.url}/reservations"}))
        failed = await world.failure()
        assert (failed.type, failed.retryable, failed.details.status) == ("307", False, 307)
        assert not elsewhere.received
    finally:
        await elsewhere.close()


async def test_301_and_302_do_not_redirect_a_changing_request(world: World) -> None:
    world.server.answers(Reply(302, headers={"Location": "/login"}))
    failed = await world.failure()
    assert (failed.type, failed.retryable) == ("302", False)
    assert len(world.server.received) == 1


async def test_303_is_followed_with_get(world: World) -> None:
    world.server.answers(Reply(303, headers={"Location": "/reservations/R-1"}), Reply(200, {"id": "R-1"}))
    assert (await world.call(body={"a": 1})).output == {"id": "R-1"}
    assert (world.server.received[1].method, world.server.received[1].body) == ("GET", b"")


async def test_redirect_loop_ends(world: World) -> None:
    world.server.answers(Reply(307, headers={"Location": "/reservations"}))
    failed = await world.failure()
    assert (failed.type, failed.retryable) == ("307", False)

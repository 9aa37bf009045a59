"""The stream over HTTP, with a real worker that writes to a real ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from console.live import feeds
from operations.access.account_changes import remove_account
from operations.access.accounts_file import changing_accounts
from operations.access.roles import Role
from operations.client import OrderClient
from tests.console.live.scripted_source import Browser
from tests.support.console.site import ConsoleSite, Visitor, console_over, site_settings
from workflows.contract import actions
from workflows.contract.order_messages import Actor, StepAction

SCRIPT = {"Accept": "text/event-stream", "Sec-Fetch-Dest": "empty"}


@asynccontextmanager
async def stream(visitor: Visitor, *topics: str, **headers: str) -> AsyncIterator[Browser]:
    params: Mapping[str, Any] = {"topic": [topic if "@" in topic else f"{topic}@" for topic in topics]}
    async with visitor.http.stream("GET", "/live", params=params, headers=SCRIPT | headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in response.headers
        yield Browser(response.aiter_bytes())


async def next_change(browser: Browser) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (event := await browser.next()).kind != "change":
            pass
    return dict(event.data)


async def test_lists_tell_of_a_new_order_and_of_its_task(site: ConsoleSite, orders: OrderClient) -> None:
    visitor = await site.visitor(Role.VIEWER)
    marks = [f"{topic}@{await site.app.state.live.mark(topic)}" for topic in ("orders", "work")]
    async with stream(visitor, *marks) as browser:
        await orders.submit({"id": "LIVE-1", "customer": {"id": "C-1"}, "lines": [{"id": "1", "product": "survey"}]})
        first, work = await until_told(browser, "LIVE-1", "orders", "work")
        await orders.perform_action("LIVE-1", actions.COMPLETE, step("1", {"answer": "yes"}))
        while (change := await next_change(browser))["topic"] != "work" or not change.get("gone"):
            pass
    assert first["state"] == "in_progress"
    assert first["customer_id"] == "C-1"
    assert (work["kind"], work["step"], work["queue"]) == ("task", 1, "field_ops")
    assert change["gone"] == ["task/LIVE-1/1"]


async def test_a_browser_that_names_the_last_event_gets_the_rest(site: ConsoleSite, orders: OrderClient) -> None:
    visitor = await site.visitor(Role.VIEWER)
    await orders.submit({"id": "LIVE-2", "lines": [{"id": "1", "product": "survey"}]})
    topic = f"order/LIVE-2@{await site.app.state.live.mark('order/LIVE-2')}"
    async with stream(visitor, topic) as browser:
        await orders.perform_action("LIVE-2", actions.CLAIM, step("1"))
        change = await next_change(browser)
    assert change["items"][0]["holder"] == "ann"
    async with stream(visitor, topic) as browser:
        assert [event.data["id"] for event in await browser.until_ready()] == [change["id"]]
    async with stream(visitor, topic, **{"Last-Event-ID": change["id"]}) as browser:
        assert await browser.until_ready() == []
    async with stream(visitor, topic, **{"Last-Event-ID": "00000000.1"}) as browser:
        assert [event.data for event in await browser.until_ready()] == [{"topic": "order/LIVE-2", "gap": True}]


@pytest.mark.parametrize("why", ["signed out", "account removed"])
async def test_a_stream_ends_at_once_with_its_session(site: ConsoleSite, why: str) -> None:
    name = why.replace(" ", "-")
    visitor = await site.sign_in(site.add_account(name, Role.VIEWER))
    async with stream(visitor, "orders") as browser:
        await browser.until_ready()
        began = monotonic()
        if why == "signed out":
            assert (await visitor.post("/sign-out")).status_code == 303
        else:
            assert site.settings.accounts_file is not None
            with changing_accounts(site.settings.accounts_file) as change:
                change.save(remove_account(change.accounts, name))
        while (event := await browser.next()).kind != "end":
            pass
        assert event.data == {"reason": "signed_out"}
        assert monotonic() - began < 2
    await visitor.http.aclose()


async def test_who_is_not_signed_in_gets_no_stream(site: ConsoleSite) -> None:
    stranger = site.stranger()
    response = await stranger.http.get("/live", params={"topic": "orders@"}, headers=SCRIPT)
    assert response.status_code == 401
    await stranger.http.aclose()


@pytest.mark.parametrize("topic", ["orders", "nothing@", "order/@"])
async def test_a_wrong_topic_is_refused_in_words(site: ConsoleSite, topic: str) -> None:
    visitor = await site.visitor(Role.VIEWER)
    response = await visitor.http.get("/live", params={"topic": topic}, headers=SCRIPT)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid"


async def test_an_account_may_have_so_many_streams(site: ConsoleSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MAX_STREAMS_OF_ACCOUNT", 1)
    visitor = await site.sign_in(site.new_token(Role.VIEWER))
    async with stream(visitor, "orders") as browser:
        await browser.until_ready()
        response = await visitor.http.get("/live", params={"topic": "orders@"}, headers=SCRIPT)
        assert response.status_code == 429
        assert response.headers["retry-after"]
        assert "are kept current for account" in response.json()["error"]["message"]
    while site.app.state.live.streams.total():  # noqa: ASYNC110 - the server notices that the browser has gone
        await asyncio.sleep(0.02)
    async with stream(visitor, "orders") as browser:
        await browser.until_ready()
    await visitor.http.aclose()


async def test_the_console_stops_soon_with_a_stream_open(orders: OrderClient, tmp_path: Path) -> None:
    async with console_over(orders, site_settings(tmp_path)) as site:
        visitor = await site.sign_in(site.new_token(Role.VIEWER))
        async with stream(visitor, "orders") as browser:
            await browser.until_ready()
            began = monotonic()
            site.app.state.live.is_stopping = lambda: True
            while (event := await browser.next()).kind != "end":
                pass
            assert event.data == {"reason": "stopping"}
            assert monotonic() - began < 2
        await visitor.http.aclose()


async def until_told(browser: Browser, order_id: str, *topics: str) -> list[dict[str, Any]]:
    """The item of each topic that is about the order."""
    told: dict[str, dict[str, Any]] = {}
    while told.keys() != {*topics}:
        change = await next_change(browser)
        for item in change.get("items", ()):
            if item["order_id"] == order_id:
                told[change["topic"]] = item
    return [told[topic] for topic in topics]


def step(number: str, data: Any = None) -> StepAction:
    return StepAction(step=number, actor=Actor(by="ann"), data=data)

"""Orders on a real server, whose changes go into a real database: what their followers tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import Engine
from temporalio.testing import WorkflowEnvironment

from activity_contract.calls import SystemCall
from console.live.feeds import LiveFeeds
from console.live.stream import Stream
from console.live.topics import parse_wanted
from operations.client import OrderClient
from operations.reading.ledger_access import LedgerAccess
from tests.console.live.scripted_source import Browser
from tests.support.core.plans import call
from tests.support.ledger.writing_sink import writing_to
from tests.support.workflows.order_runner import Desk, desk_on
from tests.support.workflows.scripted_activities import retryable

TASK = {"manual": {"queue": "care", "form": {"serial": {"type": "string"}}}}


@pytest.fixture
async def desk(temporal: WorkflowEnvironment, ledger_database: Engine) -> AsyncIterator[Desk]:
    with writing_to(ledger_database):
        async with desk_on(temporal.client) as desk:
            yield desk


@pytest.fixture(params=["ledger", "none", "away"])
def orders(request: pytest.FixtureRequest, desk: Desk, ledger_database: Engine, tmp_path: Path) -> OrderClient:
    """With a ledger, without one, and with one that does not answer."""
    url = ledger_database.url.render_as_string(hide_password=False)
    if request.param == "away":
        url = f"sqlite:///{tmp_path}/missing.sqlite"
    ledger = None if request.param == "none" else LedgerAccess({"ORDO_LEDGER_URL": url})
    return OrderClient(desk.client, desk.task_queue, ledger)


@pytest.fixture
async def live(orders: OrderClient) -> AsyncIterator[LiveFeeds]:
    live = LiveFeeds(orders)
    yield live
    await live.close()


class Page:
    """Applies what it is told, as pages of the console do."""

    def __init__(self, live: LiveFeeds, topic: str, mark: str) -> None:
        self.events = Stream(live, parse_wanted([f"{topic}@{mark}"], None), lambda: True).events()
        self._browser = Browser(self.events)
        self.head: dict[str, Any] = {}
        self.steps: dict[int, dict[str, Any]] = {}

    async def until_shown(self, number: int, **values: object) -> dict[str, Any]:
        """Until the step has these values."""
        async with asyncio.timeout(30):
            while not values.items() <= self.steps.get(number, {}).items():
                await self._take()
        return self.steps[number]

    async def until_head(self, **values: object) -> None:
        async with asyncio.timeout(30):
            while not values.items() <= self.head.items():
                await self._take()

    async def _take(self) -> None:
        event = await self._browser.next()
        if event.kind == "change":
            assert "gap" not in event.data
            self.head = event.data.get("head", self.head)
            self.steps |= {item["number"]: item for item in event.data.get("items", ())}


@asynccontextmanager
async def page_of(live: LiveFeeds, topic: str) -> AsyncIterator[Page]:
    page = Page(live, topic, await live.mark(topic))
    try:
        yield page
    finally:
        await page.events.aclose()


async def test_the_page_of_an_order_shows_its_steps_as_they_go_on(desk: Desk, live: LiveFeeds) -> None:
    order = await desk.submit({"a": TASK, "b": {**TASK, "after": ["a"]}})
    await order.until_state(a="in_progress")
    async with page_of(live, f"order/{order.id}") as page:
        await order.act("claim", "a")
        await page.until_shown(1, holder="ann", state="in_progress")
        await order.act("complete", "a", {"serial": "S-1"})
        shown = await page.until_shown(1, state="completed")
        assert shown["ended_at"]
        assert "holder" not in shown
        await page.until_shown(2, state="in_progress", queue="care")
        await order.act("complete", "b", {"serial": "S-1"})
        await page.until_head(state="completed", settled_steps=2, revision=1)


async def test_attempts_at_a_call_are_told_while_it_is_tried_again(desk: Desk, live: LiveFeeds) -> None:
    is_watched = asyncio.Event()

    async def busy(_call: SystemCall) -> NoReturn:
        await is_watched.wait()
        raise retryable("busy", pause=30)

    desk.script.answers["camera.a@1"] = [busy]
    order = await desk.submit({"a": call()})
    await order.until_state(a="in_progress")
    async with page_of(live, f"order/{order.id}") as page:
        is_watched.set()
        shown = await page.until_shown(1, state="failed", attempts=1)
        assert shown["error"]["code"] == "busy"
        assert shown["next_attempt_at"]


async def test_an_amended_order_has_another_revision(desk: Desk, live: LiveFeeds) -> None:
    order = await desk.submit({"a": TASK})
    await order.until_state(a="in_progress")
    async with page_of(live, f"order/{order.id}") as page:
        await order.amend(desk.script, {"a": TASK, "b": {**TASK, "after": ["a"]}})
        await page.until_head(revision=2, step_count=2)

"""What browsers receive: each change once, a gap where something is missing, and an end."""

from __future__ import annotations

import asyncio

import pytest

from console.live.feeds import KEPT_SECONDS, MAX_STREAMS_OF_ACCOUNT, TooManyStreams
from console.live.follower import MAX_CHANGED
from console.live.stream import ALIVE_SECONDS
from console.live.topics import MAX_TOPICS, InvalidTopic, parse_wanted
from operations.access.person import Forbidden, Person
from operations.access.roles import Role
from operations.errors import ServerUnreachable
from tests.console.live.scripted_source import Feeds


async def test_a_change_after_the_mark_of_a_page_is_told(feeds: Feeds) -> None:
    source = feeds.source("A")
    source.show(one=1, two=2)
    mark = await feeds.live.mark("thing/A")
    source.show(one=5)
    async with feeds.browser({"thing/A": mark}) as browser:
        assert await browser.until_ready() == []
        change = await browser.next()
        assert change.data == {"topic": "thing/A", "id": change.id, "items": [{"n": 5}]}
        source.head = 3
        source.items.pop("two")
        source.change()
        assert (await browser.next()).data | {"id": ""} == {
            "topic": "thing/A",
            "id": "",
            "head": {"n": 3},
            "gone": ["two"],
        }


async def test_a_browser_that_comes_back_gets_what_it_missed(feeds: Feeds) -> None:
    source = feeds.source("A")
    mark = await feeds.live.mark("thing/A")
    async with feeds.browser({"thing/A": mark}) as browser:
        await browser.until_ready()
        source.show(one=1)
        await browser.next()
        last_id = browser.last_id
    for value in (2, 3):
        source.show(one=value)
        await feeds.source("A").is_read.wait()
    async with feeds.browser({"thing/A": mark}, last_id) as browser:
        assert [event.data["items"] for event in await browser.until_ready()] == [[{"n": 2}], [{"n": 3}]]


async def test_topics_are_told_in_the_order_of_their_numbers(feeds: Feeds) -> None:
    marks = {f"thing/{name}": await feeds.live.mark(f"thing/{name}") for name in "ABC"}
    for name in "CABAC":
        source = feeds.source(name)
        source.show(x=source.items.get("x", 0) + 1)
        await source.is_read.wait()
    async with feeds.browser(dict.fromkeys(marks, marks["thing/C"])) as browser:
        received = await browser.until_ready()
    assert [event.data["topic"][-1] for event in received] == list("CABAC")
    numbers = [int(event.id.rpartition(".")[2]) for event in received if event.id]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("mark", ["0a0a0a0a.7", "nonsense"])
async def test_a_mark_of_another_process_is_a_gap(feeds: Feeds, mark: str) -> None:
    await feeds.live.mark("thing/A")
    async with feeds.browser({"thing/A": mark}) as browser:
        received = await browser.until_ready()
    assert [event.data for event in received] == [{"topic": "thing/A", "gap": True}]


async def test_a_mark_from_before_the_follower_is_a_gap(feeds: Feeds) -> None:
    mark = await feeds.live.mark("thing/A")
    await feeds.live.mark("thing/B")
    async with feeds.browser({"thing/B": mark}) as browser:
        assert [event.data for event in await browser.until_ready()] == [{"topic": "thing/B", "gap": True}]


async def test_without_a_mark_only_what_comes_is_told(feeds: Feeds) -> None:
    source = feeds.source("A")
    source.show(one=1)
    async with feeds.browser({"thing/A": ""}) as browser:
        assert await browser.until_ready() == []
        await feeds.source("A").is_read.wait()
        source.show(one=2)
        assert (await browser.next()).data["items"] == [{"n": 2}]


@pytest.mark.parametrize("by", ["source", "count"])
async def test_too_much_at_once_is_a_gap(feeds: Feeds, by: str) -> None:
    source = feeds.source("A")
    mark = await feeds.live.mark("thing/A")
    async with feeds.browser({"thing/A": mark}) as browser:
        await browser.until_ready()
        if by == "source":
            source.has_gap = True
            source.show(one=1)
        else:
            source.show(**{f"k{number}": number for number in range(MAX_CHANGED + 1)})
        assert (await browser.next()).data == {"topic": "thing/A", "gap": True}
        source.show(one=2)
        assert (await browser.next()).data["items"] == [{"n": 2}]


async def test_a_page_learns_that_nobody_answers_and_that_all_is_well_again(
    feeds: Feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.live.follower.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("console.live.follower.PATIENCE", 0.0)
    source = feeds.source("A")
    mark = await feeds.live.mark("thing/A")
    async with feeds.browser({"thing/A": mark}) as browser:
        await browser.until_ready()
        source.failure = ServerUnreachable("localhost:1")
        source.show(one=1)
        problem = await browser.next()
        assert problem.kind == "state"
        assert problem.data["problem"] == "Temporal cannot be reached at localhost:1"
        assert problem.data["since"]
        source.failure = None
        change, state = await browser.next(), await browser.next()
        assert change.data["items"] == [{"n": 1}]
        assert (state.kind, state.data) == ("state", {"topic": "thing/A"})


async def test_a_mistake_of_a_source_does_not_end_its_follower(feeds: Feeds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.live.follower.RETRY_SECONDS", 0.01)
    source = feeds.source("A")
    mark = await feeds.live.mark("thing/A")
    async with feeds.browser({"thing/A": mark}) as browser:
        await browser.until_ready()
        source.failure = KeyError("mistake")
        source.show(one=1)
        for _ in range(3):
            await source.failed.get()
        source.failure = None
        assert (await browser.next()).data["items"] == [{"n": 1}]


@pytest.mark.parametrize("reason", ["signed_out", "stopping"])
async def test_a_stream_ends_with_its_session_and_with_the_process(feeds: Feeds, reason: str) -> None:
    async with feeds.browser({"thing/A": ""}) as browser:
        await browser.until_ready()
        if reason == "stopping":
            feeds.live.is_stopping = lambda: True
        feeds.is_signed_in = reason != "signed_out"
        async with asyncio.timeout(2):
            end = await browser.next()
        assert (end.kind, end.data) == ("end", {"reason": reason})
        with pytest.raises(StopAsyncIteration):
            await browser.next()


async def test_a_quiet_stream_shows_that_it_is_alive(feeds: Feeds) -> None:
    async with feeds.browser({"thing/A": ""}) as browser:
        await browser.until_ready()
        feeds.now += ALIVE_SECONDS
        assert (await browser.next()).kind == "alive"


async def test_one_follower_serves_all_and_ends_some_time_after_the_last(feeds: Feeds) -> None:
    source = feeds.source("A")
    async with feeds.browser({"thing/A": ""}) as first, feeds.browser({"thing/A": ""}) as second:
        await first.until_ready()
        await second.until_ready()
        await feeds.source("A").is_read.wait()
        reads = source.reads
        source.show(one=1)
        assert (await first.next()) == (await second.next())
        assert source.reads == reads + 1
        feeds.now += 10 * KEPT_SECONDS
        feeds.live.close_unwatched()
        assert feeds.live.topics == ["thing/A"]
    feeds.now += KEPT_SECONDS
    feeds.live.close_unwatched()
    assert feeds.live.topics == ["thing/A"]
    feeds.now += 1
    source.change()  # it is the follower that looks and finds that nobody watches
    await source.is_closed.wait()
    assert feeds.live.topics == []


async def test_an_account_has_a_limited_number_of_streams(feeds: Feeds) -> None:
    streams = [feeds.live.stream_of("ann") for _ in range(MAX_STREAMS_OF_ACCOUNT)]
    for stream in streams:
        stream.__enter__()
    with pytest.raises(TooManyStreams, match="account ann"), feeds.live.stream_of("ann"):
        pass
    with feeds.live.stream_of("bob"):
        assert feeds.live.streams.total() == MAX_STREAMS_OF_ACCOUNT + 1
    for stream in streams:
        stream.__exit__(None, None, None)
    assert not feeds.live.streams


def test_a_program_that_submits_orders_follows_no_lists(feeds: Feeds) -> None:
    person = Person("shop", frozenset({Role.SUBMITTER}))
    feeds.live.check(person, parse_wanted(["order/A@"], None))
    with pytest.raises(Forbidden, match="read_work"):
        feeds.live.check(person, parse_wanted(["order/A@", "work@"], None))


@pytest.mark.parametrize("name", ["", "thing", "thing/", "orders/7", "nothing", "nothing/7"])
def test_only_known_topics_are_followed(feeds: Feeds, name: str) -> None:
    with pytest.raises(InvalidTopic):
        feeds.live.check(Person("ann", frozenset({Role.VIEWER})), parse_wanted([f"{name}@"], None))


@pytest.mark.parametrize("texts", [[], ["orders"], ["x" * 3_000 + "@"], [f"order/{n}@" for n in range(MAX_TOPICS + 1)]])
def test_a_stream_asks_for_some_topics_with_marks(texts: list[str]) -> None:
    with pytest.raises(InvalidTopic):
        parse_wanted(texts, None)


def test_an_id_may_have_any_characters() -> None:
    (topic,) = parse_wanted(["order/a@b.c/ü@1a.7"], None)
    assert topic.name == "order/a@b.c/ü"
    assert topic.since is not None
    assert topic.since.number == 7

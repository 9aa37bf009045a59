"""Every story of `demo --story` ends as told, all of them on one stack; and says so where it does not."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from rich.console import Console

from stack.demo_context import DemoContext
from stack.demo_output import DemoOutput
from stack.lifecycle import run_stack
from stack.options import StackOptions
from stack.running_stack import RunningStack
from stack.stories import STORIES
from stack.stories.shortened import shorten_definitions
from stack.stories.story import Story, UnexpectedOutcome, run_story
from tests.support.command_line import call
from tests.support.paths import ROOT
from tests.support.started_stack import free_ports

Told = dict[str, tuple[bool, str]]
"""Story → (whether it ended as told, what was on the screen)."""


async def _goes_wrong(_stage: DemoContext) -> None:
    raise UnexpectedOutcome("The parcel came in time.")


WRONG = Story("wrong", "A story that goes otherwise", ("Nothing.",), _goes_wrong)


async def _tell_all(stack: RunningStack) -> Told:
    """At once; but the late delivery wants its parcel slow, and begins before the others set how long things take."""
    screens = {name: io.StringIO() for name in (*STORIES, WRONG.name)}

    async def told(story: Story) -> bool:
        console = Console(file=screens[story.name], width=120)
        return await run_story(story, DemoContext(stack, DemoOutput(console)))

    late = asyncio.create_task(told(STORIES["delay"]))
    async with asyncio.timeout(30):
        while "waits for event shipment_delivered" not in screens["delay"].getvalue() and not late.done():  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    others = [story for story in (*STORIES.values(), WRONG) if story.name != "delay"]
    ended = await asyncio.gather(late, *(told(story) for story in others))
    names = ["delay", *(story.name for story in others)]
    return {name: (well, screens[name].getvalue()) for name, well in zip(names, ended, strict=True)}


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    data = tmp_path_factory.mktemp("stories")
    definitions = shorten_definitions(ROOT / "definitions", data / "definitions")
    options = StackOptions(definitions=definitions, data=data / "data", ports=free_ports(), fresh=True)
    return await run_stack(options, lambda _line: None, _tell_all)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_ends_as_told(told: Told, name: str) -> None:
    well, screen = told[name]
    assert well, screen
    assert screen.rstrip().endswith("The story ended as described.")


@pytest.mark.parametrize("name", STORIES)
def test_a_story_says_what_it_shortens_and_is_plain_in_a_pipe(told: Told, name: str) -> None:
    _, screen = told[name]
    assert screen.lstrip().startswith(f"== {STORIES[name].title}\nShortened for the demo:\n")
    assert all(f"  · {sentence}\n" in screen for sentence in STORIES[name].simplifications)
    assert not {"\x1b", "\r"} & set(screen)


def test_the_late_delivery_is_at_risk_late_escalated_and_told(told: Told) -> None:
    _, screen = told["delay"]
    places = [screen.index(words) for words in ("its sla ends soon", "it will be late unless", "escalated to")]
    assert screen.index("The notifications that customer care got") > max(places)
    assert "step.escalated  shipment.delivered@1" in screen


def test_the_breakdown_holds_steps_and_nobody_resumes_them(told: Told) -> None:
    _, screen = told["breakdown"]
    assert "is on hold: system subscription has failed repeatedly" in screen
    assert "waiting uses no attempt" in screen


def test_the_cancellation_is_shown_from_the_systems_own_records(told: Told) -> None:
    _, screen = told["cancel"]
    before, after = screen.split("== The customer cancels")
    assert ("booked" in before, "issued  149 EUR" in before) == (True, True)
    assert all(words in after for words in ("released", "cancelled", "recalled", "credited  149 EUR"))


def test_the_change_says_first_what_it_would_do(told: Told) -> None:
    _, screen = told["change"]
    assert screen.index("would become revision 2") < screen.index("is at revision 2")


def test_a_story_that_goes_otherwise_says_so(told: Told) -> None:
    well, screen = told[WRONG.name]
    assert not well
    assert "== The story did not end as described\nThe parcel came in time." in screen


def test_stories_are_listed_and_a_wrong_name_is_told_from_them() -> None:
    listed = call("demo", "--list-stories")
    assert listed.status == 0
    assert [line.split()[0] for line in listed.out.splitlines()] == list(STORIES)
    wrong = call("demo", "--story", "canel")
    assert wrong.status == 2
    assert "did you mean `cancel`?" in wrong.err


def test_definitions_that_are_not_the_shipped_ones_are_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    called = call("demo", "--story", "delay", "--definitions", tmp_path / "own", "--data", tmp_path / "data")
    assert called.status == 1
    assert "Stories need the shipped definitions" in called.err

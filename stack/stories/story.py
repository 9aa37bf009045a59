"""A story: what it is called, what it shortens, and how it is told on a running stack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from stack.stories.stage import StoryContext

DEFAULT_DELAYS: Mapping[str, float] = {"delivery": 3.0, "booking": 1.5, "appointment": 60.0, "activation": 2.0}
"""Seconds in the sandbox, where life takes days."""


class UnexpectedOutcome(Exception):
    """Something came otherwise than the story says."""


@dataclass(frozen=True)
class Story:
    name: str
    title: str
    """In a sentence, as `demo --list-stories` shows it."""
    simplifications: tuple[str, ...]
    """What is not as in life, in sentences."""
    run: Callable[[StoryContext], Awaitable[None]]
    """Raises NotAsTold where it comes otherwise."""
    delays: Mapping[str, float] = field(default_factory=lambda: DEFAULT_DELAYS)


async def run_story(story: Story, context: StoryContext) -> bool:
    """Tells it on the stage's screen. Whether it ended as told."""
    screen = context.output
    screen.print_heading(story.title)
    screen.print_line("Shortened for the demo:")
    for sentence in story.simplifications:
        screen.print_bullet(sentence)
    await context.set_delays(story.delays)
    try:
        await story.run(context)
    except UnexpectedOutcome as error:
        screen.print_heading("Not as told")
        screen.print_line(str(error))
        return False
    screen.print_line("")
    screen.print_line("It ended as told.")
    return True


def expect(condition: bool, message: str) -> None:
    """Raises NotAsTold."""
    if not condition:
        raise UnexpectedOutcome(message)

"""A story: what it is called, what it shortens, and how it is told on a running stack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from stack.stories.stage import Stage

USUAL_DELAYS: Mapping[str, float] = {"delivery": 3.0, "booking": 1.5, "appointment": 60.0, "activation": 2.0}
"""Seconds in the sandbox, where life takes days."""


class NotAsTold(Exception):
    """Something came otherwise than the story says."""


@dataclass(frozen=True)
class Story:
    name: str
    title: str
    """In a sentence, as `demo --list-stories` shows it."""
    shortened: tuple[str, ...]
    """What is not as in life, in sentences."""
    told: Callable[[Stage], Awaitable[None]]
    """Raises NotAsTold where it comes otherwise."""
    delays: Mapping[str, float] = field(default_factory=lambda: USUAL_DELAYS)


async def tell(story: Story, stage: Stage) -> bool:
    """Tells it on the stage's screen. Whether it ended as told."""
    screen = stage.screen
    screen.heading(story.title)
    screen.say("Shortened for the demo:")
    for sentence in story.shortened:
        screen.point(sentence)
    await stage.set_delays(story.delays)
    try:
        await story.told(stage)
    except NotAsTold as error:
        screen.heading("Not as told")
        screen.say(str(error))
        return False
    screen.say("")
    screen.say("It ended as told.")
    return True


def expect(holds: bool, otherwise: str) -> None:
    """Raises NotAsTold."""
    if not holds:
        raise NotAsTold(otherwise)

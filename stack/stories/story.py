"""A story: its name, what it shortens, and how it runs on a stack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from stack.demo_context import DemoContext

DEFAULT_DELAYS: Mapping[str, float] = {"delivery": 5.0, "booking": 1.5, "appointment": 60.0, "activation": 2.0}
"""Seconds that things take in the sandbox; in reality they take days."""


class UnexpectedOutcome(Exception):
    """The story did not end as described."""


@dataclass(frozen=True)
class Story:
    name: str
    title: str
    """One sentence; `demo --list-stories` shows it."""
    simplifications: tuple[str, ...]
    """What is shorter than in reality, in sentences."""
    run: Callable[[DemoContext], Awaitable[None]]
    """Raises UnexpectedOutcome."""
    delays: Mapping[str, float] = field(default_factory=lambda: DEFAULT_DELAYS)


async def run_story(story: Story, context: DemoContext) -> bool:
    """Returns whether the story ended as described."""
    screen = context.output
    screen.print_heading(story.title)
    screen.print_line("Shortened for the demo:")
    for sentence in story.simplifications:
        screen.print_bullet(sentence)
    await context.set_delays(story.delays)
    try:
        await story.run(context)
    except UnexpectedOutcome as error:
        screen.print_heading("The story did not end as described")
        screen.print_line(str(error))
        return False
    screen.print_line("")
    screen.print_line("The story ended as described.")
    return True


def expect(condition: bool, message: str) -> None:
    """Raises UnexpectedOutcome."""
    if not condition:
        raise UnexpectedOutcome(message)

"""`demo --story NAME`: a story of when things go wrong, on the whole stack."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rich.console import Console

from stack.demo import INTERRUPTED
from stack.demo_output import Screen
from stack.options import StackOptions
from stack.stack import RunningStack, ToldToEnd, run
from stack.stories.shortened import shortened
from stack.stories.stage import Stage
from stack.stories.story import Story, tell

NOT_AS_TOLD = 4


def tell_story(story: Story, options: StackOptions, console: Console, *, stay: bool) -> int:
    """Shows it on `console`. 0 where it ended as told; 4 where it came otherwise; 130 where it was interrupted.

    On data of its own, as the demo. `stay`: the stack stays up until Ctrl-C. Raises StackError among others.
    """
    data = options.data / "demo"
    definitions = shortened(options.definitions, data / "definitions")
    own = replace(options, data=data, definitions=definitions, ports=options.ports.or_free(), fresh=True)
    return asyncio.run(_told(story, own, Screen(console), stay))


async def _told(story: Story, options: StackOptions, screen: Screen, stay: bool) -> int:
    outcome = INTERRUPTED

    async def use(stack: RunningStack) -> None:
        nonlocal outcome
        outcome = 0 if await tell(story, Stage(stack, screen)) else NOT_AS_TOLD
        if stay:
            screen.stays_up(stack)
            await asyncio.Event().wait()

    screen.say("Starting Temporal, the sandbox systems, the worker and the gateway …")
    try:
        await run(options, screen.say, use)
    except ToldToEnd:
        screen.say("Ended.")
    return outcome

"""`demo --story NAME`: a story of when things go wrong, on the whole stack."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from rich.console import Console

from stack.demo import EXIT_INTERRUPTED
from stack.demo_output import DemoOutput
from stack.options import StackOptions
from stack.stack import RunningStack, ShutdownRequested, run_stack
from stack.stories.shortened import shorten_definitions
from stack.stories.stage import StoryContext
from stack.stories.story import Story, run_story

EXIT_UNEXPECTED = 4


def demo_story(story: Story, options: StackOptions, console: Console, *, keep_running: bool) -> int:
    """Shows it on `console`. 0 where it ended as told; 4 where it came otherwise; 130 where it was interrupted.

    On data of its own, as the demo. `stay`: the stack stays up until Ctrl-C. Raises StackError among others.
    """
    data = options.data / "demo"
    definitions = shorten_definitions(options.definitions, data / "definitions")
    own = replace(options, data=data, definitions=definitions, ports=options.ports.with_free_ports(), fresh=True)
    return asyncio.run(_run_demo_story(story, own, DemoOutput(console), keep_running))


async def _run_demo_story(story: Story, options: StackOptions, output: DemoOutput, keep_running: bool) -> int:
    outcome = EXIT_INTERRUPTED

    async def use(stack: RunningStack) -> None:
        nonlocal outcome
        outcome = 0 if await run_story(story, StoryContext(stack, output)) else EXIT_UNEXPECTED
        if keep_running:
            output.show_keeps_running(stack)
            await asyncio.Event().wait()

    output.print_line("Starting Temporal, the sandbox systems, the worker and the gateway …")
    try:
        await run_stack(options, output.print_line, use)
    except ShutdownRequested:
        output.print_line("Ended.")
    return outcome

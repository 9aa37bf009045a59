"""`demo --story NAME`: shows what happens when things go wrong, on the whole stack."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from stack.console_visit import invite_to_console
from stack.demo_context import DemoContext
from stack.demo_output import DemoOutput
from stack.lifecycle import EXIT_UNEXPECTED, run_until_signal
from stack.options import StackOptions
from stack.running_stack import RunningStack
from stack.stories.shortened import shorten_definitions
from stack.stories.story import Story, run_story


def demo_story(story: Story, options: StackOptions, console: Console, *, keep_running: bool) -> int:
    """Returns 0 if the story ended as described, 4 if it did not, 130 if it was interrupted.

    `keep_running`: the stack stays up after the story, until Ctrl-C. Raises StackError and OperationError.
    """
    output = DemoOutput(console)
    options = options.for_demo()
    shortened = replace(options, definitions=shorten_definitions(options.definitions, options.data / "definitions"))

    async def show(stack: RunningStack) -> int:
        await invite_to_console(stack, output, waits=keep_running)
        status = 0 if await run_story(story, DemoContext(stack, output)) else EXIT_UNEXPECTED
        if keep_running:
            output.show_keeps_running(stack)
        return status

    return run_until_signal(shortened, output.print_line, show, keep_running=keep_running)

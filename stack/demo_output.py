"""What `demo` puts on the screen: sentences, headings, what an order line became, and where to look next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.text import Text
from rich.tree import Tree

from operations.reading.read_order import OrderReading
from stack.stack import RunningStack
from stack.up import command, python
from views.shared.value_format import counted
from workflows.contract.order_views import LineView, StepView


class Screen:
    """Colours and lines drawn in a terminal, plain lines in a pipe."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, sentence: str) -> None:
        self.console.print(escape(sentence), highlight=False, soft_wrap=True)

    def point(self, sentence: str) -> None:
        self.say(f"  · {sentence}")

    def heading(self, title: str) -> None:
        self.console.print()
        if self.console.is_terminal:
            self.console.print(Rule(Text(title, style="bold"), align="left", style="bright_black"))
        else:
            self.say(f"== {title}")

    def decomposition(self, reading: OrderReading) -> None:
        """Order lines, and below each the fulfilment lines that it became."""
        order = reading.order
        customer = order.customer.get("name") or order.customer.get("id") or "somebody"
        self.say(f"Order {order.order_id} of {customer}: {counted(len(order.order_lines), 'order line')}")
        for line in order.order_lines:
            tree = Tree(_described(line, "bold"))
            for made in order.lines:
                if line.id in made.sources:
                    tree.add(_described(made, "cyan"))
            self.console.print(tree)
        self.say(
            f"{counted(len(order.order_lines), 'order line')} became {counted(len(order.lines), 'fulfilment line')} "
            f"and {counted(order.step_count, 'step')}. Each starts the moment its own predecessors are done."
        )

    def task_completed(self, stack: RunningStack, order_id: str, task: StepView, data: Mapping[str, Any]) -> None:
        given = " ".join(f"--data {name}={shlex.quote(str(value))}" for name, value in data.items())
        self.say(f"The demo completes step {task.number}, “{task.name}”, as the technician would. By hand that is:")
        self.say(f"  {command(stack, f'complete {order_id} {task.number} {given}')}")

    def exactly_once(self, requests: int, failed: int, repeated: int, effects: int, keys: int) -> None:
        self.point(f"{counted(requests, 'request')} to change something came, and {failed} got an error for an answer.")
        self.point(f"{repeated} was repeated after a lost answer, with the same idempotency key.")
        once = "each exactly once" if effects == keys else "not each exactly once"
        self.point(f"{counted(effects, 'thing')} were really done, under {counted(keys, 'key')}: {once}.")

    def stays_up(self, stack: RunningStack) -> None:
        """After a story, for whoever wants to look around."""
        self.heading("Everything stays up until Ctrl-C")
        self.point(f"Temporal's Web UI shows every order:  {stack.addresses.ui}")
        self.point(f"In another terminal:                  {command(stack, 'list')}")

    def where_next(self, stack: RunningStack, order_id: str, stays: bool) -> None:
        self.heading("Where to look next")
        there = stack.addresses
        workflow = f"{there.ui}/namespaces/default/workflows/order%2F{order_id}"
        if stays:
            self.point(f"Temporal's Web UI shows every step:  {workflow}")
            self.point(f"What the sandbox systems did:        {there.sandbox}/_log")
            self.point(f"The gateway's requests:              {there.gateway}/docs")
            self.point(f"In another terminal:                 {command(stack, f'show {order_id}')}")
            self.point("The offer that was ordered:          definitions/offers/home_security.yaml")
            self.say("")
            self.say("Everything stays up until Ctrl-C.")
            return
        self.point(f"Logs of this demo:                {stack.folder.path}/*.log")
        self.point("The offer that was ordered:       definitions/offers/home_security.yaml")
        self.point(f"Its plan, without running it:     {python()} starter.py plan orders/home_security.yaml")
        self.point(f"A stack that stays, with Web UI:  {python()} starter.py up")


def _described(line: LineView, style: str) -> Text:
    """`Security camera ×4 (model outdoor)`"""
    text = Text(line.name, style=style)
    text.append(f" ×{line.quantity:g}", style="default")
    told = ", ".join(f"{name} {_shown(value)}" for name, value in line.attributes.items())
    if told:
        text.append(f"  {told}", style="bright_black")
    return text


def _shown(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

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

from operations.reading.order_details import OrderDetails
from stack.stack import RunningStack
from stack.up import cli_command, python_command
from views.shared.value_format import pluralize
from workflows.contract.order_views import LineView, StepView


class DemoOutput:
    """Colours and lines drawn in a terminal, plain lines in a pipe."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def print_line(self, sentence: str) -> None:
        self.console.print(escape(sentence), highlight=False, soft_wrap=True)

    def print_bullet(self, sentence: str) -> None:
        self.print_line(f"  · {sentence}")

    def print_heading(self, title: str) -> None:
        self.console.print()
        if self.console.is_terminal:
            self.console.print(Rule(Text(title, style="bold"), align="left", style="bright_black"))
        else:
            self.print_line(f"== {title}")

    def show_decomposition(self, reading: OrderDetails) -> None:
        """Order lines, and below each the fulfilment lines that it became."""
        order = reading.order
        customer = order.customer.get("name") or order.customer.get("id") or "somebody"
        self.print_line(f"Order {order.order_id} of {customer}: {pluralize(len(order.order_lines), 'order line')}")
        for line in order.order_lines:
            tree = Tree(_describe_line(line, "bold"))
            for made in order.lines:
                if line.id in made.sources:
                    tree.add(_describe_line(made, "cyan"))
            self.console.print(tree)
        self.print_line(
            f"{pluralize(len(order.order_lines), 'order line')} became "
            f"{pluralize(len(order.lines), 'fulfilment line')} "
            f"and {pluralize(order.step_count, 'step')}. Each starts the moment its own predecessors are done."
        )

    def show_task_completed(self, stack: RunningStack, order_id: str, task: StepView, data: Mapping[str, Any]) -> None:
        given = " ".join(f"--data {name}={shlex.quote(str(value))}" for name, value in data.items())
        self.print_line(
            f"The demo completes step {task.number}, “{task.name}”, as the technician would. By hand that is:"
        )
        self.print_line(f"  {cli_command(stack, f'complete {order_id} {task.number} {given}')}")

    def show_exactly_once(self, requests: int, failed: int, repeated: int, effects: int, keys: int) -> None:
        self.print_bullet(
            f"{pluralize(requests, 'request')} to change something came, and {failed} got an error for an answer."
        )
        self.print_bullet(f"{repeated} was repeated after a lost answer, with the same idempotency key.")
        once = "each exactly once" if effects == keys else "not each exactly once"
        self.print_bullet(f"{pluralize(effects, 'thing')} were really done, under {pluralize(keys, 'key')}: {once}.")

    def show_keeps_running(self, stack: RunningStack) -> None:
        """After a story, for whoever wants to look around."""
        self.print_heading("Everything stays up until Ctrl-C")
        self.print_bullet(f"Temporal's Web UI shows every order:  {stack.addresses.ui}")
        self.print_bullet(f"In another terminal:                  {cli_command(stack, 'list')}")

    def show_next_steps(self, stack: RunningStack, order_id: str, keeps_running: bool) -> None:
        self.print_heading("Where to look next")
        there = stack.addresses
        workflow = f"{there.ui}/namespaces/default/workflows/order%2F{order_id}"
        if keeps_running:
            self.print_bullet(f"Temporal's Web UI shows every step:  {workflow}")
            self.print_bullet(f"What the sandbox systems did:        {there.sandbox}/_log")
            self.print_bullet(f"The gateway's requests:              {there.gateway}/docs")
            self.print_bullet(f"In another terminal:                 {cli_command(stack, f'show {order_id}')}")
            self.print_bullet("The offer that was ordered:          definitions/offers/home_security.yaml")
            self.print_line("")
            self.print_line("Everything stays up until Ctrl-C.")
            return
        self.print_bullet(f"Logs of this demo:                {stack.folder.path}/*.log")
        self.print_bullet("The offer that was ordered:       definitions/offers/home_security.yaml")
        self.print_bullet(
            f"Its plan, without running it:     {python_command()} starter.py plan orders/home_security.yaml"
        )
        self.print_bullet(f"A stack that stays, with Web UI:  {python_command()} starter.py up")


def _describe_line(line: LineView, style: str) -> Text:
    """`Security camera ×4 (model outdoor)`"""
    text = Text(line.name, style=style)
    text.append(f" ×{line.quantity:g}", style="default")
    told = ", ".join(f"{name} {_format_value(value)}" for name, value in line.attributes.items())
    if told:
        text.append(f"  {told}", style="bright_black")
    return text


def _format_value(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

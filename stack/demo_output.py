"""The screen of `demo`: sentences, headings, what an order line became, and where to look next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule
from rich.text import Text
from rich.tree import Tree

from operations.access.roles import Role
from operations.reading.order_details import OrderDetails
from stack.ledger_discovery import needed_setting
from stack.running_stack import RunningStack, python_command
from views.shared.value_format import pluralize
from workflows.contract.order_views import LineView, StepView


class DemoOutput:
    """Colours and rules in a terminal, plain lines in a pipe."""

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

    def show_console(self, stack: RunningStack) -> None:
        """The link with which a person watches and acts in a browser."""
        self.print_heading("The console: every order and each step, in your browser")
        self.print_line(stack.sign_in_links.get(Role.OPERATOR, stack.addresses.console))

    def show_decomposition(self, reading: OrderDetails) -> None:
        """Prints each order line as a tree of its fulfilment lines."""
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
            f"and {pluralize(order.step_count, 'step')}. Each step starts as soon as its own predecessors are done."
        )

    def show_task_completed(self, stack: RunningStack, order_id: str, task: StepView, data: Mapping[str, Any]) -> None:
        options = " ".join(f"--data {name}={shlex.quote(str(value))}" for name, value in data.items())
        self.print_line(f"The demo completes step {task.number}, “{task.name}”, as the technician would. By hand:")
        self.print_line(f"  {stack.cli_command(f'complete {order_id} {task.number} {options}')}")

    def show_exactly_once(self, requests: int, failed: int, repeated: int, effects: int, keys: int) -> None:
        self.print_bullet(
            f"{pluralize(requests, 'request')} to change something arrived; {failed} got an error in reply."
        )
        self.print_bullet(f"{repeated} was repeated after a lost answer, with the same idempotency key.")
        once = "each exactly once" if effects == keys else "not each exactly once"
        self.print_bullet(f"{pluralize(effects, 'thing')} were really done, under {pluralize(keys, 'key')}: {once}.")

    def show_keeps_running(self, stack: RunningStack) -> None:
        """After a story, for a person who wants to look around."""
        self.print_heading("Everything stays up until Ctrl-C")
        self._print_table(
            {"Every order, in the console": stack.sign_in_links.get(Role.OPERATOR, stack.addresses.console)}
            | {"In Temporal's Web UI": stack.orders_page, "In another terminal": stack.cli_command("list")}
            | _ledger_row(stack)
        )

    def show_next_steps(self, stack: RunningStack, order_id: str, keeps_running: bool) -> None:
        self.print_heading("Where to look next")
        offer = {"The offer that was ordered": "definitions/offers/home_security.yaml"}
        if not keeps_running:
            starter = f"{python_command()} starter.py"
            self._print_table(
                {"Logs of this demo": f"{stack.folder.path}/*.log"}
                | offer
                | {"Its plan, without running it": f"{starter} plan orders/home_security.yaml"}
                | {"A stack that stays, with Web UI": f"{starter} up"}
            )
            return
        self._print_table(
            {"Every order, in the console": stack.sign_in_links.get(Role.OPERATOR, stack.addresses.console)}
            | {"Every step, in Temporal's Web UI": stack.order_page(order_id)}
            | {"What the sandbox systems did": f"{stack.addresses.sandbox}/_log"}
            | {"The gateway's requests": f"{stack.addresses.gateway}/docs"}
            | {"In another terminal": stack.cli_command(f"show {order_id}")}
            | _ledger_row(stack)
            | offer
        )
        self.print_line("")
        self.print_line("Everything stays up until Ctrl-C.")

    def _print_table(self, rows: Mapping[str, str]) -> None:
        width = max(map(len, rows)) + 1
        for name, value in rows.items():
            self.print_bullet(f"{name + ':':<{width}}  {value}")


def _ledger_row(stack: RunningStack) -> dict[str, str]:
    """Empty if commands in another terminal find the ledger by themselves."""
    setting = needed_setting(stack.folder)
    return {} if setting is None else {"Set there, for the ledger": setting}


def _describe_line(line: LineView, style: str) -> Text:
    """`Security camera ×4 (model outdoor)`"""
    text = Text(line.name, style=style)
    text.append(f" ×{line.quantity:g}", style="default")
    attributes = ", ".join(f"{name} {_format_value(value)}" for name, value in line.attributes.items())
    if attributes:
        text.append(f"  {attributes}", style="bright_black")
    return text


def _format_value(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)

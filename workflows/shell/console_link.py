"""A link from Temporal's Web UI to the order's page of the console, at the top of its current details.

Current details are no command of the workflow: a replay, or another worker, may show another address. The worker says
where the console is before its first workflow runs, since workflows read no environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass
class ConsoleAddress:
    url: str = ""
    """Without a slash at the end. Empty: no order links to it."""


CONSOLE = ConsoleAddress()
"""Of this process."""


def console_link(order_id: str) -> str:
    """In Markdown, with an empty line after it. Empty if the worker does not know where the console is."""
    return (
        f"[Open the order in the console]({CONSOLE.url}/orders/{quote(order_id, safe='')})\n\n" if CONSOLE.url else ""
    )

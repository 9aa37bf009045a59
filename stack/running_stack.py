"""A running stack: its addresses, its client for orders, and the commands and pages that a person uses."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from operations.access.roles import Role
from operations.client import OrderClient
from stack.console_sign_in import own_accounts_file, read_tokens, sign_in_links
from stack.data_folder import DataFolder
from stack.options import HOST, Ports
from stack.temporal_server import NAMESPACE
from workflows.contract.order_messages import ORDER_WORKFLOW_TYPE, order_workflow_id


@dataclass(frozen=True)
class Addresses:
    temporal: str
    ui: str
    gateway: str
    sandbox: str
    console: str
    pretend: str | None = None
    """None: no system is pretended."""

    @classmethod
    def from_ports(cls, ports: Ports) -> Addresses:
        return cls(
            f"{HOST}:{ports.temporal}",
            f"http://{HOST}:{ports.ui}",
            f"http://{HOST}:{ports.gateway}",
            f"http://{HOST}:{ports.sandbox}",
            f"http://{HOST}:{ports.console}",
            None if ports.pretend is None else f"http://{HOST}:{ports.pretend}",
        )


@dataclass(frozen=True)
class RunningStack:
    addresses: Addresses
    orders: OrderClient
    folder: DataFolder

    @property
    def sign_in_links(self) -> dict[Role, str]:
        """For each role, the link that signs in to the console. Empty if the person has accounts of their own."""
        return sign_in_links(self.addresses.console, read_tokens(self.folder)) if own_accounts_file() is None else {}

    @property
    def orders_page(self) -> str:
        """Temporal's Web UI with orders only. Without a filter it also lists mailboxes, outboxes and switches."""
        query = quote(f'WorkflowType="{ORDER_WORKFLOW_TYPE}"')
        return f"{self._workflows_page}?query={query}"

    def order_page(self, order_id: str) -> str:
        return f"{self._workflows_page}/{quote(order_workflow_id(order_id), safe='')}"

    @property
    def _workflows_page(self) -> str:
        return f"{self.addresses.ui}/namespaces/{NAMESPACE}/workflows"

    def cli_command(self, arguments: str) -> str:
        """The command line that a person types in another terminal to use this stack."""
        port = f":{Ports().temporal}"
        option = "" if self.addresses.temporal.endswith(port) else f" --address {self.addresses.temporal}"
        return f"{python_command()} starter.py {arguments}{option}"


def python_command() -> str:
    """How the person's shell calls this Python: by name if the virtual environment is active, else by path."""
    python = Path(sys.executable)
    if shutil.which(python.name) == str(python):
        return python.name
    return str(python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python)

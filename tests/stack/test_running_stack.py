"""The pages and commands that a running stack shows to a person."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from operations.client import OrderClient
from stack.data_folder import DataFolder
from stack.options import Ports
from stack.running_stack import Addresses, RunningStack


def stack_on(ports: Ports) -> RunningStack:
    return RunningStack(Addresses.from_ports(ports), cast(OrderClient, None), DataFolder(Path("data")))


def test_orders_page_shows_orders_only() -> None:
    page = "http://127.0.0.1:8233/namespaces/default/workflows?query=WorkflowType%3D%22FulfilOrder%22"
    assert stack_on(Ports()).orders_page == page


def test_order_page_encodes_the_workflow_id() -> None:
    assert stack_on(Ports()).order_page("A 1").endswith("/namespaces/default/workflows/order%2FA%201")


@pytest.mark.parametrize(("port", "option"), [(7233, ""), (17233, " --address 127.0.0.1:17233")])
def test_command_names_an_address_that_is_not_the_default(port: int, option: str) -> None:
    assert stack_on(Ports(temporal=port)).cli_command("list").endswith(f" starter.py list{option}")

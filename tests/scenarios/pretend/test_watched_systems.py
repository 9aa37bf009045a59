"""Edits of the files of pretend systems."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from scenarios.pretend.app import create_app
from scenarios.pretend.deliveries import Gateway
from scenarios.pretend.pretended_systems import WatchedSystems
from scenarios.pretend.world import PretendWorld

SYSTEM = """
kind: system
id: {id}
base_url: http://{id}.example
example: {{status: {status}}}
"""
RECEIVER = """
---
kind: receiver
id: crm
url: http://crm.example
events: [order.completed]
"""


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "grid.yaml").write_text(text)
    return tmp_path / "definitions"


async def test_next_request_is_answered_by_the_edit_and_a_wrong_edit_changes_nothing(tmp_path: Path) -> None:
    folder, world = folder_with(tmp_path, SYSTEM.format(id="grid", status=201)), PretendWorld()
    watched = WatchedSystems(folder, ["all"], world.pretend)
    transport = httpx.ASGITransport(create_app(world, Gateway(""), watched.refresh))
    async with httpx.AsyncClient(transport=transport, base_url="http://pretended") as client:
        assert (await client.post("/grid/a")).status_code == 201
        (folder / "grid.yaml").write_text(SYSTEM.format(id="grid", status=202))
        assert (await client.post("/grid/a")).status_code == 202
        (folder / "new.yaml").write_text(SYSTEM.format(id="vendor", status=203))
        assert (await client.post("/vendor/a")).status_code == 203
        (folder / "new.yaml").write_text("kind: system\nid: vendor\n")
        assert (await client.post("/vendor/a")).status_code == 203


@pytest.mark.parametrize("name", ["crm", "all"])
def test_receivers_alone_can_be_pretended(tmp_path: Path, name: str) -> None:
    folder, world = folder_with(tmp_path, "kind: system\nid: plain\nbase_url: http://a\n" + RECEIVER), PretendWorld()
    WatchedSystems(folder, [name], world.pretend)
    assert world.systems == {}

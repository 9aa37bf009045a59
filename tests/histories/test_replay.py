"""Orders that began before a change go on after it: recorded histories replay with the workflow as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.histories.record import SCENES
from tests.support.ledger.recording_sink import recording
from workflows.bulk_action import BulkAction
from workflows.event_mailbox import EventMailbox
from workflows.fulfil_order import FulfilOrder

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("name", sorted(SCENES))
async def test_a_recorded_history_replays(name: str) -> None:
    history = WorkflowHistory.from_json("order/recorded", (FOLDER / f"{name}.json").read_text())
    replayer = Replayer(workflows=[FulfilOrder, EventMailbox, BulkAction], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)


async def test_a_ledger_changes_no_replay_and_is_told_nothing() -> None:
    with recording() as sink:
        for name in sorted(SCENES):
            await test_a_recorded_history_replays(name)
    assert sink.changes == []


async def test_a_change_of_what_the_workflow_does_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.core.engine.advance.drain_commands", lambda _run: [])
    with pytest.raises(Exception, match=r"(?i)nondeterminis|non-determinis|does not match"):
        await test_a_recorded_history_replays("fallout")

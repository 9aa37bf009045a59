"""Outboxes, and orders that tell, go on after a change: recorded histories replay with the workflows as they are."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.notifications.record import FOLDER, SCENES
from workflows.fulfil_order import FulfilOrder
from workflows.order_outbox import OrderOutbox


@pytest.mark.parametrize("name", [*SCENES, "outbox"])
async def test_a_recorded_history_replays(name: str) -> None:
    history = WorkflowHistory.from_json(f"{name}/recorded", (FOLDER / f"{name}.json").read_text())
    replayer = Replayer(workflows=[FulfilOrder, OrderOutbox], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)

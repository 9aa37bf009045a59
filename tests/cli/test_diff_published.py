"""`diff` against published versions, on a real server."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment

from operations.temporal.connection import server_address
from tests.support.command_line import Ordo

OFFER = """
kind: commercial_product
id: offer
attributes: {cameras: {type: integer, maximum: %d, default: 1}}
steps: {check: {milestone: true}}
"""


@pytest.fixture
def ordo(temporal: WorkflowEnvironment) -> Ordo:
    """On a task queue without workers."""
    return Ordo(server_address(temporal.client), f"cli-diff-{uuid4().hex[:8]}")


async def test_versions_in_force_and_earlier_ones_are_compared(ordo: Ordo, tmp_path: Path) -> None:
    file = tmp_path / "offer.yaml"
    for maximum in (16, 8):
        file.write_text(OFFER % maximum)
        assert (await ordo("publish", tmp_path, "--reason", f"at most {maximum}")).status == 0
    file.write_text(OFFER % 4)
    told = await ordo("diff", "--definitions", tmp_path)
    assert told.out.startswith(f"version 2 → {tmp_path}: 1 change in 1 definition: 1 breaking\n")
    assert "attribute `cameras`: maximum `8` → `4`; orders that were valid are rejected" in told.out
    earlier = await ordo("diff", "1", "current")
    assert earlier.out.startswith("version 1 → version 2: 1 change in 1 definition: 1 breaking\n")
    assert "maximum `16` → `8`" in earlier.out


async def test_version_that_was_never_published_is_a_clear_error(ordo: Ordo, tmp_path: Path) -> None:
    (tmp_path / "offer.yaml").write_text(OFFER % 4)
    told = await ordo("diff", "7", tmp_path)
    assert told.status == 1
    assert "7" in told.err

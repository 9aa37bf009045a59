"""Pages say so while no worker writes to the ledger that they follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from console.live.follower import UNFED, Follower
from console.live.journal import Numbering
from console.live.pulse import Pulses
from ledger.reading.changes import Pulse
from ledger.reading.freshness import Freshness
from operations.reading.changes import Changes
from operations.reading.ledger_access import LedgerAway
from tests.console.live.scripted_source import ScriptedSource

AT = datetime(2026, 11, 28, 18, tzinfo=UTC)


class ScriptedChanges:
    """A ledger that answers what a test wants."""

    def __init__(self) -> None:
        self.is_fed = True
        self.failure: LedgerAway | None = None

    async def pulse(self, watched: Sequence[str]) -> Pulse:  # noqa: ARG002
        if self.failure is not None:
            raise self.failure
        return Pulse({}, Freshness(AT, 30.0, self.is_fed), {})


async def test_a_ledger_without_writers_is_a_lack_of_its_followers() -> None:
    changes: Any = ScriptedChanges()
    pulses = Pulses(cast("Changes", changes))
    follower = Follower(
        "orders", ScriptedSource(), Numbering(), after_look=lambda: None, unfed_since=lambda: pulses.unfed_since
    )
    try:
        assert follower.lack is None
        pulses.join()
        await pulses.next()
        assert follower.lack is None
        changes.is_fed = False
        await pulses.next()
        assert follower.lack == (UNFED, AT)
        changes.failure = LedgerAway("away")
        await pulses.next()
        assert follower.lack is None
        changes.failure, changes.is_fed = None, True
        await pulses.next()
        assert follower.lack is None
        pulses.leave()
        assert pulses.unfed_since is None
    finally:
        await follower.close()

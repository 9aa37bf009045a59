"""While the ledger does not answer, Temporal is asked; when it is back, pages fetch their data again."""

from __future__ import annotations

from console.live.readings import Reading
from console.live.sources.with_fallback import WithFallback
from operations.reading.ledger_access import LedgerAway
from tests.console.live.scripted_source import ScriptedSource


def shown(reading: Reading | None) -> tuple[list[str], bool]:
    assert reading is not None
    return list(reading.items), reading.has_gap


async def test_a_source_that_is_back_may_have_missed_something() -> None:
    ledger, temporal = ScriptedSource(), ScriptedSource()
    ledger.show(one=1)
    temporal.show(two=2)
    source = WithFallback(ledger, temporal)
    assert shown(await source.read()) == (["one"], False)
    ledger.failure = LedgerAway("away")
    assert shown(await source.read()) == (["two"], False)
    assert shown(await source.read()) == (["two"], False)
    ledger.failure = None
    assert shown(await source.read()) == (["one"], True)
    assert shown(await source.read()) == (["one"], False)
    source.close()
    assert ledger.is_closed.is_set()
    assert temporal.is_closed.is_set()

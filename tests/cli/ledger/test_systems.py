"""`systems` with a ledger: how they answered lately, beside their switches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from ledger.database import open_ledger, write_transaction
from ledger.schema.tables import attempts
from tests.cli.test_systems import listed
from tests.ledger.retention.ledger_orders import write_running
from tests.support.command_line import Ordo
from tests.support.ledger.attempt_rows import attempt
from tests.support.ledger.databases import migrate, sqlite_url

TOOK = timedelta(milliseconds=300)


@pytest.fixture
def with_ledger(ordo: Ordo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ordo:
    """Its ledger knows three calls of the last minutes, of which two failed, and one of two days ago."""
    url, now = sqlite_url(tmp_path), datetime.now(UTC)
    migrate(url)
    engine = open_ledger(url)
    write_running(engine, "HS-1", started_at=now - timedelta(days=3))
    rows = []
    for number, (age, code) in enumerate([(1, None), (2, "connection"), (3, "connection"), (2 * 24 * 60, None)]):
        at = now - timedelta(minutes=age)
        row = attempt("HS-1", f"a.step_{number}@1", at, 1, system="nobody", ended_at=at + TOOK)
        rows.append(row | ({"outcome": "failed", "code": code} if code else {}))
    with write_transaction(engine) as connection:
        connection.execute(insert(attempts), rows)
    engine.dispose()
    monkeypatch.setenv("ORDO_LEDGER_URL", url.render_as_string(hide_password=False))
    return ordo


async def test_calls_errors_and_durations_are_beside_the_switch(with_ledger: Ordo) -> None:
    await with_ledger.until("systems", holds=listed)
    called = await with_ledger("systems")
    heading, row = called.out.splitlines()
    assert " ".join(heading.split()).partition("Calls")[2] in (" Failed p50 p90 Errors", " Failed p50 p90 Errors Why")
    assert "3    67 %  0.3 s  0.3 s  connection ×2" in row
    assert "Calls since " in called.err
    assert "From the ledger" in called.err
    (system,) = (await with_ledger("systems", "-o", "json")).json["systems"]
    assert (system["system"], system["calls"]["attempts"], system["calls"]["failed"]) == ("nobody", 3, 2)
    assert system["calls"]["errors"][0]["code"] == "connection"
    week = (await with_ledger("systems", "--since", "7d", "-o", "json")).json
    assert (week["systems"][0]["calls"]["attempts"], week["source"]) == (4, "ledger")


async def test_a_period_needs_a_ledger(ordo: Ordo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORDO_LEDGER_URL", raising=False)
    called = await ordo("systems", "--since", "1h")
    assert called.status == 1
    assert "Only a ledger can report" in called.err


async def test_while_the_ledger_is_away_the_switches_are_shown(
    ordo: Ordo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDO_LEDGER_URL", f"sqlite:///{tmp_path / 'gone.sqlite'}")
    called = await ordo("systems")
    assert called.status == 0
    assert "nobody" in called.out
    assert "How the systems answered is not known" in called.err
    assert (await ordo("systems", "--since", "1h")).status == 1

"""While orders keep coming, the ledger's database is away, full, read-only and locked, and workers are killed. No order
waits or fails; afterwards every row is right.

`make chaos` does the same for longer: the database is away for ORDO_CHAOS_SECONDS, and workers are killed ten times.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import URL
from temporalio.testing import WorkflowEnvironment

from tests.ledger.chaos.chaos_site import ChaosSite, open_chaos_site
from tests.ledger.chaos.troubles import (
    Trouble,
    can_make_immutable,
    database_files,
    filled,
    immutable,
    killed,
    limited_files,
    locked,
    read_only,
    small_disk,
    stopped,
)
from tests.support.ledger.databases import migrate, sqlite_url
from tests.support.servers.postgres import UNPRIVILEGED_USER, PostgresServer

LONG = float(os.environ.get("ORDO_CHAOS_SECONDS") or 0)
"""Seconds for which the database is away; 0: as long as it takes to be noticed."""
OTHERS = min(LONG, 30.0)
"""Seconds that each other trouble lasts at least."""
KILLS = 10 if LONG else 1
PER_SECOND = 2.0
MAX_SLOWER = 0.1
"""Seconds that a workflow task in the middle may take longer. It would be seconds if one waited for the database."""


@pytest_asyncio.fixture(loop_scope="session")
async def chaos(temporal: WorkflowEnvironment, tmp_path: Path, chaos_url: URL) -> AsyncIterator[ChaosSite]:
    site = await open_chaos_site(temporal.client, tmp_path, chaos_url, f"chaos-{uuid.uuid4().hex[:6]}")
    yield site
    await site.close()


@pytest.fixture
def chaos_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """Of a migrated ledger: the test's parameter says where."""
    on_sqlite = request.param == "sqlite"
    url = sqlite_url(tmp_path) if on_sqlite else request.getfixturevalue("own_server")[0].url("chaos")
    migrate(url)
    return url


@pytest.fixture
def own_server() -> Iterator[tuple[PostgresServer, Path | None]]:
    """A PostgreSQL of the test's own, and the small disk that the ledger is on, if one can be mounted."""
    server = PostgresServer()
    server.start()
    with ExitStack() as stack:
        stack.callback(server.close)
        disk = Path("/tmp") / f"ordo-small-disk-{uuid.uuid4().hex[:8]}"
        stack.callback(disk.rmdir)
        mounted = stack.enter_context(small_disk(disk, UNPRIVILEGED_USER if os.geteuid() == 0 else None))
        server.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        server.execute("CREATE DATABASE chaos TABLESPACE small")
        yield server, disk if mounted else None
        server.kill()


async def go_through(chaos: ChaosSite, troubles: list[tuple[Trouble, float]], monkeypatch: pytest.MonkeyPatch) -> None:
    await chaos.live_through(troubles, KILLS, PER_SECOND)
    assert chaos.load.wrong == []
    summaries = await chaos.reconciled(monkeypatch)
    times = await chaos.task_times()
    sys.stderr.write(
        f"\n{len(chaos.load.sent)} orders; workflow tasks {dict(times.endings)}, "
        f"{times.slower():+.3f} s in the middle; repaired {[each.repaired for each in summaries]}\n"
    )
    assert [each.problems for each in summaries if each.problems] == []
    assert await chaos.differences() == []
    assert times.endings["failed"] == 0
    assert times.slower() < MAX_SLOWER


@pytest.mark.parametrize("chaos_url", ["sqlite"], indirect=True)
async def test_sqlite_locked_full_and_read_only(
    chaos: ChaosSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(str(chaos.url.database))
    troubles: list[tuple[Trouble, float]] = [
        (lambda: locked(file), max(6.0, LONG)),  # longer than a writer waits for the lock
        (lambda: limited_files(lambda: chaos.worker_ids), max(2.0, OTHERS)),
    ]
    if can_make_immutable(tmp_path):
        troubles.append((lambda: immutable(*database_files(file)), max(2.0, OTHERS)))
    await go_through(chaos, troubles, monkeypatch)


@pytest.mark.parametrize("chaos_url", ["postgresql"], indirect=True)
async def test_postgresql_away_killed_full_and_read_only(
    chaos: ChaosSite, own_server: tuple[PostgresServer, Path | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, disk = own_server
    troubles: list[tuple[Trouble, float]] = [
        (lambda: stopped(server), max(3.0, LONG)),
        (lambda: killed(server), 1.0),
        (lambda: read_only(server, "chaos"), max(2.0, OTHERS)),
    ]
    if disk is not None:
        troubles.append((lambda: filled(disk), max(3.0, OTHERS)))
    await go_through(chaos, troubles, monkeypatch)

"""A worker process with a ledger, on a real Temporal: its orders and attempts are in the database, and never wait."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys

import pytest
from sqlalchemy import URL, Engine, select
from temporalio.testing import WorkflowEnvironment

from ledger.schema.tables import attempts, feeders, metadata, orders, steps
from tests.support.ledger.contents import count
from tests.support.paths import ROOT
from tests.support.servers.scripted_system import Reply
from tests.support.workers.site import DEADLINE, Site, until
from tests.workers.test_worker import submit

TOKEN = "token-of-the-greeter"


def _url(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _is_in_state(engine: Engine, state: str) -> bool:
    with engine.connect() as connection:
        return state in connection.execute(select(orders.c.state)).scalars().all()


async def test_an_order_and_its_attempts_are_in_the_ledger(
    temporal: WorkflowEnvironment, site: Site, ledger_database: Engine, ledger_url: URL
) -> None:
    site.server.answers(Reply(503, {"message": f"Authorization: Bearer {TOKEN}"}), Reply(200, {"to": TOKEN}))
    worker = await site.worker(ORDO_LEDGER_URL=_url(ledger_url))
    await worker.says("orders tell the ledger what they do")
    assert not [line for line in worker.lines if "alembic" in line]
    handle = await submit(temporal.client, site, "L-1", "welcome")
    await asyncio.wait_for(handle.result(), DEADLINE)
    await until(lambda: _is_in_state(ledger_database, "completed"))
    with ledger_database.connect() as connection:
        order = connection.execute(select(orders)).one()
        step = connection.execute(select(steps)).one()
        made = connection.execute(select(attempts).order_by(attempts.c.started_at)).all()
        assert count(connection, feeders) == 1
    assert (order.submission, order.customer_name, order.settled_steps) == (
        handle.first_execution_run_id, "Elm Street 14", 1
    )  # fmt: skip
    assert (step.state, step.system, step.attempts) == ("completed", "greeter", 2)
    assert [(each.outcome, each.status, each.effect) for each in made] == [
        ("failed", 503, "do"), ("succeeded", 200, "do")
    ]  # fmt: skip
    assert await worker.ends(signal.SIGTERM) == 0
    with ledger_database.connect() as connection:
        assert count(connection, feeders) == 0
        everything = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert "Authorization: Bearer" in "\n".join(everything)
    assert TOKEN not in "\n".join(everything)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://root@localhost/ledger", "The ledger runs on"),
        ("postgresql://ordo:s3cr3t-word@127.0.0.1:9/ledger", "PostgreSQL database ledger on 127.0.0.1:9"),
        ("sqlite:////no/such/folder/ledger.sqlite", "there is no folder /no/such/folder"),
    ],
)
async def test_orders_run_without_a_ledger_that_cannot_be_used(
    temporal: WorkflowEnvironment, site: Site, url: str, reason: str
) -> None:
    site.server.answers(Reply(200, {}))
    worker = await site.worker(ORDO_LEDGER_URL=url)
    await worker.says("worker ready")
    handle = await submit(temporal.client, site, "L-2", "welcome")
    await asyncio.wait_for(handle.result(), DEADLINE)
    await until(lambda: any(reason in str(line.get("reason")) for line in worker.said if line["level"] == "warning"))
    assert await worker.ends(signal.SIGTERM) == 0
    assert "s3cr3t-word" not in "\n".join(worker.lines)


def test_a_worker_without_a_ledger_needs_no_database_library() -> None:
    program = "import sys, worker; print({name.partition('.')[0] for name in sys.modules} & set(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "alembic", "psycopg", "sqlalchemy", "ledger"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'ledger'}"

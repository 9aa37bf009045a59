"""What docker-compose.yml sets up for the ledger, on a real PostgreSQL: its database, its user, and a warm restart."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
import yaml
from sqlalchemy import make_url

from ledger.database import open_ledger
from ledger.migrations.schema_version import read_schema_state
from tests.support.command_line import shell
from tests.support.paths import ROOT
from tests.support.servers.postgres import SUPERUSER, PostgresServer, program


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    script = tmp_path / "make_secrets.sh"
    script.write_bytes((ROOT / "deploy" / "make_secrets.sh").read_bytes())
    subprocess.run(["sh", script], check=True, capture_output=True)
    return tmp_path / "secrets"


def _set_up(server: PostgresServer, secrets: Path) -> None:
    script = (ROOT / "deploy" / "set_up_ledger.sh").read_text().replace("/run/secrets", str(secrets))
    place = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": SUPERUSER, "PGDATABASE": SUPERUSER}
    path = f"{Path(program('psql')).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-c", script], env=os.environ | place | {"PATH": path}, check=True, capture_output=True)


def test_the_ledger_gets_its_own_user_and_database_and_then_its_schema(
    postgres_server: PostgresServer, secrets: Path
) -> None:
    try:
        for _ in range(2):
            _set_up(postgres_server, secrets)
        url = make_url((secrets / "ordo_ledger_url").read_text())
        assert (url.username, url.host, url.database) == ("ledger", "postgresql", "ledger")
        with psycopg.connect(
            f"host=127.0.0.1 port={postgres_server.port} user={SUPERUSER} dbname=ledger"
        ) as connection:
            query = "SELECT rolpassword LIKE 'SCRAM-SHA-256%', rolsuper FROM pg_authid WHERE rolname = 'ledger'"
            assert connection.execute(query).fetchone() == (True, False)
        here = url.set(host="127.0.0.1", port=postgres_server.port)
        (secrets / "here").write_text(here.render_as_string(hide_password=False) + "\n")
        migrated = shell("ledger", "migrate", environment={"ORDO_LEDGER_URL_FILE": str(secrets / "here")})
        assert migrated.status == 0, migrated.err
        engine = open_ledger(here)
        assert not read_schema_state(engine).is_behind
        engine.dispose()
    finally:
        postgres_server.execute("DROP DATABASE IF EXISTS ledger WITH (FORCE)")
        postgres_server.execute("DROP ROLE IF EXISTS ledger")


def test_after_a_restart_the_database_has_in_memory_what_it_had_before() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    program_name, *arguments = compose["services"]["postgresql"]["command"]
    assert (program_name, arguments[::2]) == ("postgres", ["-c"] * (len(arguments) // 2))
    server = PostgresServer(**dict(setting.split("=", 1) for setting in arguments[1::2]))
    try:
        server.start()
        server.execute("CREATE EXTENSION pg_buffercache")
        server.execute("CREATE TABLE numbers AS SELECT number FROM generate_series(1, 10000) AS number")
        before = _pages_in_memory(server, "numbers")
        server.stop()
        server.start()
        deadline = time.monotonic() + 30
        while _pages_in_memory(server, "numbers") < before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _pages_in_memory(server, "numbers") >= before > 10
    finally:
        server.close()


def _pages_in_memory(server: PostgresServer, table: str) -> int:
    query = "SELECT count(*) FROM pg_buffercache WHERE relfilenode = pg_relation_filenode(%s::regclass)"
    with psycopg.connect(f"host=127.0.0.1 port={server.port} user={SUPERUSER} dbname={SUPERUSER}") as connection:
        (number,) = connection.execute(query, [table]).fetchone() or (0,)
    return int(number)

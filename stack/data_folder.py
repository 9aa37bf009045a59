"""The data folder of a stack: databases, logs, and the secrets that its services share."""

from __future__ import annotations

import fcntl
import os
import secrets
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from stack.errors import StackError

SECRET_NAMES = (
    "ORDO_GATEWAY_TOKEN",
    "ORDO_CALLBACK_SECRET",
    "INVENTORY_TOKEN",
    "LOGISTICS_API_KEY",
    "INSTALLATION_PASSWORD",
    "SUBSCRIPTION_TOKEN",
    "BILLING_TOKEN",
    "ACCESS_API_KEY",
    "NETWORK_TOKEN",
    "CUSTOMER_CARE_SECRET",
)
"""Generated at the first start and then kept. Systems may already have callback ids, and those must stay valid."""


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.environment_file = self.path / "environment"
        self.database = self.path / "temporal.sqlite"
        self.ledger = self.path / "ledger.sqlite"
        self.pretend_data = self.path / "pretend.json"
        self.accounts = self.path / "accounts.yaml"
        self.console_tokens = self.path / "console_tokens.json"
        self.console_sessions = self.path / "console_sessions.sqlite"

    @property
    def ledger_url(self) -> str:
        return f"sqlite:///{quote(str(self.ledger))}"

    def log_file(self, name: str) -> Path:
        return self.path / f"{name}.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Locks the folder. Raises StackError if another stack has locked it, or if it cannot be written."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a")
        except OSError as error:
            raise StackError(
                f"The folder {self.path} cannot be used: {error.strerror}. Choose one with --data."
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StackError(
                    f"Another `up` or `demo` runs on {self.path} already. Stop it first, or choose another folder with "
                    "--data."
                ) from error
            yield

    def is_in_use(self) -> bool:
        """Whether a stack runs on it."""
        try:
            with (self.path / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def rotate_logs(self, names: Iterable[str]) -> None:
        """Starts new logs. Those of the last start stay as `.log.1`."""
        for name in names:
            if self.log_file(name).exists():
                self.log_file(name).replace(self.path / f"{name}.log.1")

    def delete_databases(self) -> None:
        for file in (*self.path.glob("*.sqlite*"), self.pretend_data):
            file.unlink(missing_ok=True)

    def load_secrets(self) -> dict[str, str]:
        """The saved secrets, and new ones for those that are missing."""
        saved = self.saved_environment()
        return {name: saved.get(name) or secrets.token_urlsafe(24) for name in SECRET_NAMES}

    def saved_environment(self) -> dict[str, str]:
        """The addresses and secrets of the last start; empty if there was none."""
        try:
            words = shlex.split(self.environment_file.read_text(encoding="utf-8"), comments=True)
        except (OSError, ValueError):
            return {}
        return dict(word.split("=", 1) for word in words if "=" in word)

    def save_environment(self, environment: Mapping[str, str]) -> None:
        """Writes what another worker or a client of the gateway needs. Only this user may read it."""
        text = "# set -a; . <this file>; set +a   sets up a shell for another worker of this stack\n"
        text += "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items()))
        self.save_private(self.environment_file, text)

    @staticmethod
    def save_private(path: Path, text: str) -> None:
        """Replaces the file at once. Only this user may read it."""
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        new.replace(path)

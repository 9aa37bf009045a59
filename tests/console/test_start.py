"""Starting and stopping the console: clear messages, without secrets."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from console.__main__ import main
from operations.access.roles import Role
from tests.support.console.process import ConsoleProcess
from tests.support.console.site import BROWSER, add_console_account
from tests.support.gateway.process import NOWHERE


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    path.write_text("accounts: {}\n")
    return path


async def test_it_starts_before_temporal_stops_cleanly_and_logs_no_secret(tmp_path: Path, accounts: Path) -> None:
    token = add_console_account(accounts, "ann", Role.VIEWER)
    process = ConsoleProcess("--address", NOWHERE, log=tmp_path / "log", ORDO_ACCOUNTS_FILE=str(accounts))
    try:
        url = await process.ready()
        async with httpx.AsyncClient(base_url=url, trust_env=False, headers=BROWSER) as http:
            assert (await http.get("/health")).status_code == 200
            assert (await http.get("/ready")).status_code == 503
            await http.post("/sign-in", data={"token": "wrong-token"})
            await http.post("/sign-in", data={"token": token})
            key = http.cookies[f"ordo-local-{url.rpartition(':')[2]}-session"]
            assert (await http.get("/help?customer=C-42")).status_code == 200
        assert process.terminate() == 0
    finally:
        process.close()
    events = [line["event"] for line in process.lines() if line["event"] != "request"]
    assert events == [
        "accounts read",
        "sessions end with this process; ORDO_CONSOLE_SESSIONS names a file for them",
        "console ready",
        "sign-in refused",
        "signed in",
    ]
    for secret in ("wrong-token", token, key, "C-42"):
        assert secret not in process.log.read_text()


@pytest.mark.parametrize(
    ("arguments", "changed", "message"),
    [
        (["--host", "0.0.0.0"], {}, "where tokens and sessions could be read on the network"),
        (["--port", "70000"], {}, "cannot listen on 127.0.0.1:70000"),
        ([], {"ORDO_ACCOUNTS_FILE": ""}, "ORDO_ACCOUNTS_FILE is not set"),
        ([], {"ORDO_ACCOUNTS_FILE": "/no/such/file"}, "names /no/such/file, which cannot be read"),
        (
            [],
            {"ORDO_CONSOLE_SESSIONS": "/dev/null/sessions"},
            "ORDO_CONSOLE_SESSIONS names /dev/null/sessions, which cannot",
        ),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_one_line(
    accounts: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    changed: dict[str, str],
    message: str,
) -> None:
    for name, value in ({"ORDO_ACCOUNTS_FILE": str(accounts)} | changed).items():
        monkeypatch.setenv(name, value)
    assert main(["--port", "0", "--address", NOWHERE, *arguments]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("{")]
    assert len(lines) == 1
    assert lines[0].startswith("The console cannot start: ")
    assert message in lines[0]

"""Starting and stopping the gateway: clear messages, without secrets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gateway.__main__ import main
from gateway.settings import load_settings
from http_server.settings import InvalidSetting
from tests.support.gateway.process import BEARER, NOWHERE, SECRET, TOKEN, GatewayProcess
from tests.support.paths import ROOT

SECRETS = {"ORDO_GATEWAY_TOKEN": TOKEN, "ORDO_CALLBACK_SECRET": SECRET.decode()}


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The output and exit status of a gateway that cannot start."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDO_")}
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with no Ordo variables except the two secrets."""
    for name in list(os.environ):
        if name.startswith("ORDO_"):
            monkeypatch.delenv(name)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize("missing", list(SECRETS))
def test_missing_secret_is_named_with_what_to_set(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    environment.delenv(missing)
    assert main(["--port", "0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{missing} is not set" in line
    assert f"{missing}_FILE" in line


def test_taken_port_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = started("--port", port, **SECRETS)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"The gateway cannot start: cannot listen on 127.0.0.1:{port}: ")
    assert "--port" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "0", "--host", "no.such.host.invalid"]])
def test_unusable_address_is_reported_in_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert arguments[-1] in line


@pytest.mark.usefixtures("environment")
def test_wrong_usage_exits_with_2() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--prot", "1"])
    assert ended.value.code == 2


def test_unreadable_temporal_profile_is_reported(tmp_path: Path) -> None:
    profile = tmp_path / "temporal.toml"
    profile.write_text("[profile.default\n")
    ended = started("--port", "0", TEMPORAL_CONFIG_FILE=str(profile), **SECRETS)
    assert ended.returncode == 1
    assert "profile" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_secrets_come_from_the_environment_or_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    settings = load_settings({"ORDO_GATEWAY_TOKEN_FILE": str(tmp_path / "token"), "ORDO_CALLBACK_SECRET": "s"})
    assert settings.token == "from-a-file"
    assert settings.callback_secret == b"s"
    assert settings.weak_secrets == ["ORDO_GATEWAY_TOKEN", "ORDO_CALLBACK_SECRET"]
    assert "from-a-file" not in repr(settings)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_unusable_secret_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidSetting, match="ORDO_GATEWAY_TOKEN_FILE"):
        load_settings({"ORDO_GATEWAY_TOKEN_FILE": str(path), "ORDO_CALLBACK_SECRET": "s"})


@pytest.mark.parametrize("text", ["0", "-1", "many", "1e3", "9" * 30, "²"])
def test_a_wrong_limit_of_wrong_tokens_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting, match="ORDO_GATEWAY_WRONG_TOKENS must be a number"):
        load_settings(SECRETS | {"ORDO_GATEWAY_WRONG_TOKENS": text})
    assert load_settings(SECRETS | {"ORDO_GATEWAY_WRONG_TOKENS": "7"}).max_wrong_tokens == 7
    assert load_settings(SECRETS).max_wrong_tokens == 100


def test_token_that_no_header_can_carry_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="an HTTP header cannot carry"):
        load_settings({"ORDO_GATEWAY_TOKEN": "tökén", "ORDO_CALLBACK_SECRET": "s"})


async def test_gateway_starts_before_temporal_stops_cleanly_and_logs_no_secret(tmp_path: Path) -> None:
    process = GatewayProcess("--address", NOWHERE, log=tmp_path / "log")
    try:
        url = await process.ready()
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            assert (await http.get("/health")).status_code == 200
            assert (await http.get("/ready")).status_code == 503
            await http.get("/orders", headers=BEARER)
            await http.post("/callbacks/forged-callback-id?x=forged-query", json={"a": 1})
            await http.get("/orders/HS-1", headers={"Authorization": "Bearer wrong-token"})
            await http.get("/nothing/unknown-path", headers=BEARER)
        assert process.terminate() == 0
    finally:
        process.close()
    routes = [(line["route"], line["status"]) for line in process.lines() if line["event"] == "request"]
    assert routes == [
        ("/health", 200),
        ("/ready", 503),
        ("/orders", 503),
        ("/callbacks/{callback_id}", 404),
        ("none", 401),
        ("none", 404),
    ]
    log = process.log.read_text()
    for secret in (TOKEN, SECRET.decode(), "forged-callback-id", "forged-query", "wrong-token", "unknown-path"):
        assert secret not in log


def test_with_accounts_no_shared_token_is_needed(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("ORDO_GATEWAY_TOKEN")
    environment.setenv("ORDO_ACCOUNTS_FILE", str(tmp_path / "accounts.yaml"))
    settings = load_settings(os.environ)
    assert (settings.token, settings.accounts_file) == ("", tmp_path / "accounts.yaml")
    assert settings.weak_secrets == []


def test_a_missing_token_message_also_names_the_accounts(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("ORDO_GATEWAY_TOKEN")
    assert main(["--port", "0"]) == 1
    assert "unless ORDO_ACCOUNTS_FILE names a file of accounts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "which cannot be read: No such file or directory. `account add`"),
        ("accounts:\n  ann:\n    roles: [king]\n", "accounts.yaml:3:13: "),
        ("accounts: [", "which has mistakes:"),
    ],
)
def test_the_gateway_does_not_start_with_an_accounts_file_that_cannot_be_used(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "accounts.yaml"
    if content is not None:
        path.write_text(content)
    ended = started("--port", "0", "--address", NOWHERE, ORDO_ACCOUNTS_FILE=str(path), **SECRETS)
    assert ended.returncode == 1
    assert "The gateway cannot start: ORDO_ACCOUNTS_FILE names" in ended.stderr
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "gateway ready" not in ended.stderr

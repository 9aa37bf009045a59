"""docs/publishing.md: its commands and options exist, and its profiles are read as Temporal's own tools read them."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from temporalio.envconfig import ClientConfig

from tests.support.command_line import call
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "publishing.md").read_text()
COMMANDS = re.findall(r"python starter\.py ([^`\n]+)", PAGE)
OPTIONS = sorted(set(re.findall(r"`(--[a-z-]+)", PAGE)))


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_command_is_understood(command: str) -> None:
    """It fails only because no server listens, or no such profile exists."""
    called = call(*shlex.split(command), *([] if "--environment" in command else ["--address", "127.0.0.1:9"]))
    assert called.status in (1, 3), called
    assert "cannot be reached" in called.err or "profile cannot be read" in called.err


def test_options_exist() -> None:
    helps = "".join(call(command, "--help").out for command in ("publish", "versions", "unpublish", "amend", "list"))
    assert [option for option in OPTIONS if option not in helps] == []


def test_profiles_are_read_as_they_stand(tmp_path: Path) -> None:
    (written,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    profiles = tmp_path / "temporal.toml"
    profiles.write_text(written)
    for name, expected in tomllib.loads(written)["profile"].items():
        config = ClientConfig.load_client_connect_config(name, config_file=str(profiles), disable_env=True)
        assert (config["target_host"], config["namespace"]) == (expected["address"], expected["namespace"])

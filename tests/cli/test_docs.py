"""docs/cli.md: what it shows is what one gets."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.support.command_line import call
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text()
EXAMPLES = re.findall(r"```console\n\$ python starter\.py (.*?)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^  ([a-z]+)  ", call("--help").out, re.MULTILINE)


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_offline_examples_print_what_the_page_says(command: str, output: str) -> None:
    assert _any_version(call(*shlex.split(command)).out) == _any_version(output)


def _any_version(text: str) -> str:
    """The catalogue may change without the page."""
    return re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", text)


def test_page_describes_exactly_the_commands() -> None:
    table = PAGE.split("| exit status |")[0]
    assert set(re.findall(r"\[`([a-z]+)`\]", table)) == set(COMMANDS)


def test_options_on_the_page_exist() -> None:
    helps = "".join(_help(command) for command in COMMANDS) + "--environment --help"
    for option in set(re.findall(r"`(--[a-z-]+)", PAGE)):
        assert option in helps, option


def _help(*command: str) -> str:
    """With that of the commands below it."""
    text = call(*command, "--help").out
    below = re.findall(r"^  ([a-z]+)  ", text, re.MULTILINE) if "COMMAND [ARGS]" in text else []
    return text + "".join(_help(*command, each) for each in below)

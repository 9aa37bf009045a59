"""Alternatives as commands: every one can be typed, and the parser of the command line accepts it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import typer

from cli.app import build_app
from views.shared.commands import alternatives_text, command_text
from workflows.contract.order_messages import Alternative

GROUP: Any = typer.main.get_command(build_app("ordo", for_terminal=False))
ORDER = {"order_id": "HS-1"}
STEP = {**ORDER, "step": "3"}

EXPECTED = [
    (Alternative(action="retry", parameters=STEP), "retry HS-1 3"),
    (Alternative(action="skip", parameters=STEP, required=["data"]), "skip HS-1 3 --data DATA"),
    (Alternative(action="assign", parameters={**STEP, "data": {"to": "kim"}}), "assign HS-1 3 --to kim"),
    (Alternative(action="assign", parameters={**STEP, "data": {"to": "a b"}}), "assign HS-1 3 --to 'a b'"),
    (Alternative(action="extend", parameters={**STEP, "limit": "sla"}, required=["by"]), "extend HS-1 3 TIME --sla"),
    (Alternative(action="proceed", parameters=STEP), "proceed HS-1 3"),
    (Alternative(action="redo", parameters=STEP, required=["override"]), "redo HS-1 3 --override REASON"),
    (Alternative(action="cancel", parameters=ORDER, required=["override"]), "cancel HS-1 --override REASON"),
    (Alternative(action="rollback", parameters={**ORDER, "line": "1"}), "rollback HS-1 --line 1"),
    (Alternative(action="resume", parameters=STEP), "resume HS-1 --step 3"),
    (Alternative(action="resume", parameters=ORDER), "resume HS-1"),
    (Alternative(action="set", parameters=ORDER, required=["characteristics"]), "set HS-1 NAME=VALUE"),
    (
        Alternative(action="amend", parameters={**ORDER, "dry_run": True}, required=["order"]),
        "amend FILE --dry-run",
    ),
    (
        Alternative(action="amend", parameters=ORDER, required=["order", "override"]),
        "amend FILE --override REASON",
    ),
    (Alternative(action="submit", parameters={"revision": True}, required=["order"]), "start FILE --revision"),
    (Alternative(action="event", parameters={**STEP, "name": "paid"}), "event HS-1 paid --step 3"),
    (Alternative(action="event", parameters=STEP, required=["name"]), "event HS-1 NAME --step 3"),
    (Alternative(action="why", parameters=STEP), "why HS-1 3"),
    (Alternative(action="show", parameters=ORDER), "show HS-1"),
    (Alternative(action="list"), "list"),
    (Alternative(action="systems"), "systems"),
    (Alternative(action="switch_on", parameters={"system": "billing"}), "system on billing"),
    (Alternative(action="notifications", parameters=ORDER), "notifications HS-1"),
]


@pytest.mark.parametrize(("alternative", "command"), EXPECTED, ids=[command for _, command in EXPECTED])
def test_an_alternative_is_a_command_that_the_parser_accepts(alternative: Alternative, command: str) -> None:
    assert command_text(alternative) == command
    name, *arguments = shlex.split(command)
    GROUP.commands[name].make_context(name, arguments)


@pytest.mark.parametrize(
    ("action", "command"),
    [
        ("start_worker", "python worker.py"),
        ("start_server", "python starter.py up"),
        ("connect", "--address HOST:PORT"),
    ],
)
def test_alternatives_outside_orders(action: str, command: str) -> None:
    required = ["address"] if action == "connect" else []
    assert command_text(Alternative(action=action, required=required)).startswith(command)


def test_effects_follow_their_command() -> None:
    first = Alternative(action="rollback", parameters=ORDER, effect="leaves these steps as they are")
    second = Alternative(action="cancel", parameters=ORDER, required=["override"])
    assert alternatives_text([first, second]) == (
        "Possible: `rollback HS-1` (leaves these steps as they are); `cancel HS-1 --override REASON`"
    )

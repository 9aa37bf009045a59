"""Below the command line and the gateway, no message names a command or an option: each client has its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli.app import build_app
from tests.support.paths import ROOT
from views.shared.commands import command_text
from workflows.contract.order_messages import Alternative

GATEWAY_PAGE = (ROOT / "docs" / "gateway.md").read_text()
BELOW = ("workflows", "operations", "activities", "activity_contract")
APP = typer.main.get_command(build_app("ordo", for_terminal=False))
COMMANDS = sorted(APP.commands)  # type: ignore[attr-defined]
GROUPS = [name for name, command in APP.commands.items() if hasattr(command, "commands")]  # type: ignore[attr-defined]
"""Commands with commands of their own: alone, such a name may also be a value (`source` is `ledger`)."""
ALONE = sorted({*COMMANDS} - {*GROUPS})
COMMAND = re.compile(
    rf"`(?:{'|'.join(ALONE)})`|`(?:{'|'.join(COMMANDS)}) |\b(?:starter|worker)\.py\b|docker compose|python "
)
OPTION = re.compile(r"(?<![\w-])--[a-z]")


def texts(source: str) -> Iterator[str]:
    """Every string of a module that is not a docstring; an f-string as one, with `…` for its values."""
    tree = ast.parse(source)
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node.value


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", BELOW)
def test_messages_name_neither_commands_nor_options(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in modules(package)
        for text in texts(path.read_text())
        if COMMAND.search(text) or OPTION.search(text)
    ]
    assert found == []


def test_gateway_names_no_options() -> None:
    """Its own process has options; what it answers has none."""
    answering = [path for path in modules("gateway") if path.name != "__main__.py"]
    assert [text for path in answering for text in texts(path.read_text()) if OPTION.search(text)] == []


@pytest.mark.parametrize(
    "source",
    [
        'x = f"held; `resume {order}` lets it continue"',
        'x = "`why HS-1` explains"',
        'x = f"no step {name}; `show` lists them"',
        'x = "`ledger check` compares them"',
        'x = "give it with --data"',
        'x = "start one with `python worker.py`"',
    ],
)
def test_a_message_with_a_command_is_found(source: str) -> None:
    assert any(COMMAND.search(text) or OPTION.search(text) for text in texts(source))


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of the function or class with this name in the packages below."""
    for package in BELOW:
        for path in modules(package):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                    yield node


def constant(call: ast.Call, position: int, keyword: str) -> str | None:
    arguments = [*call.args[position : position + 1], *(each.value for each in call.keywords if each.arg == keyword)]
    value = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None
    return value if isinstance(value, str) else None


def actions_offered() -> set[str]:
    named = [constant(call, 1, "action") for call in calls("alternative")]
    named += [constant(call, 0, "action") for call in calls("Alternative")]
    return {name for name in named if name is not None}


@pytest.mark.parametrize("action", sorted(actions_offered()))
def test_every_alternative_is_a_command(action: str) -> None:
    command = command_text(Alternative(action=action, required=["address"] if action == "connect" else []))
    assert command.split()[0] in {*COMMANDS, "python", "--address"}


def test_every_refusal_has_a_reason_that_is_documented() -> None:
    reasons = {constant(call, 2, "reason") for call in calls("RequestRefused")}
    reasons |= {constant(call, 3, "reason") for call in calls("step_refused")}
    reasons -= {None}
    assert len(reasons) > 20
    assert [reason for reason in sorted(map(str, reasons)) if f"`{reason}`" not in GATEWAY_PAGE] == []


def test_docstrings_and_plain_text_are_not_messages() -> None:
    source = '"""`why HS-1`."""\nx = "its `match` is not met -- or `within` has passed"\ny = f"order {x} is held"'
    assert not any(COMMAND.search(text) or OPTION.search(text) for text in texts(source))

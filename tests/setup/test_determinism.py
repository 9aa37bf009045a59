"""What runs inside a workflow takes no time, chance, input or output from anywhere but Temporal.

The workflow's modules run outside the SDK's sandbox, so this is what keeps them deterministic: their source, and that
of every module of ours that they import, is read for what would break a replay.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

OURS = ("workflows", "compiler", "activities", "activity_contract")
FORBIDDEN_MODULES = {
    "random", "secrets", "socket", "subprocess", "threading", "multiprocessing", "requests", "httpx", "urllib.request",
    "sqlite3", "tempfile", "shutil", "glob", "concurrent.futures",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.sleep",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "datetime.date.today", "uuid.uuid1", "uuid.uuid4", "uuid1", "uuid4",
    "os.urandom", "os.environ", "os.getenv", "environ", "getenv", "open", "input", "print",
    "asyncio.wait", "asyncio.as_completed", "asyncio.to_thread", "asyncio.run", "asyncio.get_event_loop",
}  # fmt: skip
"""`asyncio.wait` and `as_completed` hand over sets, whose order differs from run to run; `workflow.wait` does not."""
READS_FILES = {"compiler.load_catalogue", "compiler.source.files"}
"""They load a catalogue, and a workflow must not reach them at all."""


def _path_of(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.exists()), None)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Modules that are imported when the module runs; those for type checkers only are left out."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        pending.extend(ast.iter_child_nodes(node))


def reached() -> dict[str, ast.Module]:
    """Every module of ours that importing the workflows imports."""
    found: dict[str, ast.Module] = {}
    pending = [f"workflows.{path.stem}" for path in (ROOT / "workflows").glob("*.py")]
    while pending:
        module = pending.pop()
        path = _path_of(module)
        if module in found or path is None or module.split(".")[0] not in OURS:
            continue
        found[module] = ast.parse(path.read_text(encoding="utf-8"))
        pending.extend(_imports(found[module]))
    return found


def offences(tree: ast.Module) -> list[str]:
    """`line: what` for everything in `tree` that would differ from run to run, or reach out."""
    found = [f"import of {name}" for name in _imports(tree) if name in FORBIDDEN_MODULES]
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            name = ast.unparse(node)
            if name in FORBIDDEN_CALLS:
                found.append(f"{node.lineno}: {name}")
    return found


REACHED = reached()


@pytest.mark.parametrize("module", sorted(REACHED))
def test_workflow_code_takes_no_time_chance_input_or_output(module: str) -> None:
    assert offences(REACHED[module]) == [], (
        f"{module} runs inside workflows: take times from workflow.now(), the rest as input"
    )


def test_workflows_do_not_reach_what_reads_the_catalogue() -> None:
    assert READS_FILES & REACHED.keys() == set(), "a catalogue is compiled in an activity, never in a workflow"


@pytest.mark.parametrize(
    "source",
    ["import random", "from datetime import datetime\nx = datetime.now()", "import os\nx = os.environ['A']",
     "import time\nx = time.time()", "from uuid import uuid4\nx = uuid4()", "x = open('a')",
     "import asyncio\nasync def f(): await asyncio.wait([])"],
)  # fmt: skip
def test_the_check_finds_what_it_is_for(source: str) -> None:
    assert offences(ast.parse(source))

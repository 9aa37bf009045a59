"""What only a process of its own can show: its exit status, quiet ends, and what is loaded at its start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.support.command_line import NOBODY, command, shell
from tests.support.paths import ROOT


def test_help_names_every_command_without_frames_in_a_pipe() -> None:
    called = shell("--help")
    assert called.status == 0
    for name in ("demo", "up", "validate", "schema", "plan", "start", "list", "show", "watch", "why", "fallout"):
        assert f"\n  {name} " in called.out
    assert "─" not in called.out
    assert "\x1b" not in called.out


def test_no_command_prints_help() -> None:
    assert shell().out == shell("--help").out


def test_offline_commands_do_not_import_the_temporal_client() -> None:
    code = (
        "import sys; from cli.app import main; main(sys.argv[1:]); print('temporalio' in sys.modules, file=sys.stderr)"
    )
    for arguments in (["--help"], ["validate"], ["plan", "orders/home_security.yaml"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env=os.environ | {"TEMPORAL_ADDRESS": NOBODY},
            capture_output=True,
            text=True,
        )
        assert done.stderr.splitlines()[-1] == "False", arguments


def test_help_imports_no_part_of_the_compiler_that_only_some_commands_need() -> None:
    code = "import sys; from cli.app import main; main(['--help']); print(*sys.modules, sep='\\n', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    slow = ("compiler.catalogue", "compiler.composition", "compiler.cel", "scenarios.", "views.plan", "rich.markdown")
    assert [name for name in done.stderr.split() if name.startswith(slow)] == []


def test_closed_pipe_is_not_reported() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(command("schema"), cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 141
    assert done.stderr == ""


def test_ctrl_c_exits_quietly_with_130() -> None:
    code = (
        "import sys, time, cli.user_input.order_files, starter\n"
        "cli.user_input.order_files.read_order_files = lambda files: (print('ready', flush=True), time.sleep(60))\n"
        "sys.argv = ['starter.py', 'plan', '-']\n"
        "starter.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as waiting:
        assert waiting.stdout
        assert waiting.stderr
        assert waiting.stdout.readline() == b"ready\n"
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait() == 130
        assert waiting.stderr.read() == b""


def test_unencodable_text_is_replaced() -> None:
    called = shell("plan", "orders/home_security.yaml", environment={"PYTHONIOENCODING": "ascii"})
    assert called.status == 0
    assert "Traceback" not in called.err


def test_address_comes_from_the_official_variable() -> None:
    called = shell("list", environment={"TEMPORAL_ADDRESS": NOBODY})
    assert called.status == 3
    assert NOBODY in called.err

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


def test_called_without_a_command_it_shows_its_help() -> None:
    assert shell().out == shell("--help").out


def test_commands_without_a_server_do_not_load_the_client_of_one() -> None:
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


def test_a_reader_that_goes_away_is_no_error_to_tell() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(command("schema"), cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 141
    assert done.stderr == ""


def test_ctrl_c_ends_quietly_with_130() -> None:
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


def test_text_that_the_terminal_cannot_show_is_replaced_not_a_crash() -> None:
    called = shell("plan", "orders/home_security.yaml", environment={"PYTHONIOENCODING": "ascii"})
    assert called.status == 0
    assert "Traceback" not in called.err


def test_the_address_may_come_from_the_official_variable() -> None:
    called = shell("list", environment={"TEMPORAL_ADDRESS": NOBODY})
    assert called.status == 3
    assert NOBODY in called.err

"""`demo`: the sample order from its line to its end, in a pipe."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.started_stack import LONGEST, STARTER, free_ports, port_flags, processes_with

PORTS = free_ports()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Ran once."""
    data = tmp_path_factory.mktemp("demo")
    command = [*STARTER, "demo", "--data", str(data), *port_flags(PORTS)]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=2 * LONGEST)


def test_the_order_completes(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "completed" in demo.stdout


def test_it_shows_what_one_order_line_becomes(demo: subprocess.CompletedProcess[str]) -> None:
    section = demo.stdout.split("== What one order line becomes")[1].split("==")[0]
    for line in ("Home Security Package ×1", "Alarm hub ×1", "Security camera ×4", "Installation visit ×1"):
        assert line in section


def test_it_says_what_it_shortens_breaks_and_does_itself(demo: subprocess.CompletedProcess[str]) -> None:
    assert "== Shortened for the demo" in demo.stdout
    assert "503" in demo.stdout
    assert "The demo completes step" in demo.stdout


def test_each_effect_happened_once_though_answers_failed_and_were_lost(demo: subprocess.CompletedProcess[str]) -> None:
    section = demo.stdout.split("== What the systems saw")[1]
    assert "3 got an error in reply" in section
    assert "1 was repeated after a lost answer" in section
    assert "each exactly once" in section


def test_a_pipe_gets_plain_lines(demo: subprocess.CompletedProcess[str]) -> None:
    assert "\x1b" not in demo.stdout
    assert "\r" not in demo.stdout
    assert demo.stderr == ""


def test_it_says_where_to_look_next_and_leaves_nothing_running(demo: subprocess.CompletedProcess[str]) -> None:
    assert "== Where to look next" in demo.stdout
    assert [processes_with(str(port)) for _, _, port in PORTS.described()] == [[], [], [], [], []]


def test_a_sample_order_that_is_missing_is_said_to_be_so(tmp_path: Path) -> None:
    refused = subprocess.run([*STARTER, "demo"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "orders/home_security.yaml" in refused.stderr
    assert "Traceback" not in refused.stderr

"""The types of the console's JavaScript, as its comments declare them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

SCRIPTS = ROOT / "console" / "static" / "js"
CONFIG = ROOT / "tests" / "browser" / "deno.json"


def check(*files: Path) -> subprocess.CompletedProcess[str]:
    deno = Path(sys.executable).with_name("deno")
    command = [str(deno), "check", "--quiet", "--no-remote", "--config", str(CONFIG), *map(str, files)]
    environment = os.environ | {"DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_every_script_has_the_types_that_it_declares() -> None:
    files = sorted(SCRIPTS.rglob("*.js"))
    unchecked = [str(each.relative_to(SCRIPTS)) for each in files if not each.read_text().startswith("// @ts-check\n")]
    assert unchecked == []
    done = check(*files)
    assert done.returncode == 0, done.stderr


def test_a_mistake_is_found(tmp_path: Path) -> None:
    script = tmp_path / "wrong.js"
    script.write_text("// @ts-check\n/** @param {string} name */\nfunction greet(name) {}\ngreet(1);\n")
    done = check(script)
    assert done.returncode != 0
    assert "wrong.js:4:7" in done.stderr

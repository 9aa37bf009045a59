"""What a server has loaded is not scanned by the garbage collector, also after it has loaded another catalogue."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

SCRIPT = """
import gc, sys
from pathlib import Path
from compiler.load_catalogue import load_catalogue
from compiler.source.garbage_collection import freeze_loaded_objects

first = load_catalogue(Path(sys.argv[1]))
freeze_loaded_objects((5_000, 10, 10))
frozen = gc.get_freeze_count()
scanned = len(gc.get_objects())
load_catalogue(Path(sys.argv[1]))
print(scanned < frozen / 10, gc.get_freeze_count() > frozen / 2)
"""


def test_they_stay_frozen_when_another_catalogue_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "offer.yaml").write_text("kind: commercial_product\nid: gate\nsteps:\n  open: {milestone: true}\n")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    called = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert called.stdout.split() == ["True", "True"], called.stderr

"""After any mixture of failures, killed workers, cancellations and amendments the systems' own records hold exactly
what the orders' final states say: nothing left behind, nothing twice.

A failure names its seed: `ORDO_TURMOIL_SEED=…` does the same again (but for the moments at which things meet).
`make soak` goes on with new seeds.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import pytest

from compiler.load_catalogue import load_catalogue
from stack.lifecycle import run_stack
from stack.options import StackOptions
from stack.running_stack import RunningStack
from tests.support.paths import ROOT
from tests.support.started_stack import free_ports
from tests.trust.books import faults_in
from tests.trust.people import People
from tests.trust.turmoil import Turmoil

GIVEN = os.environ.get("ORDO_TURMOIL_SEED") or "1"
SEED = secrets.randbelow(1_000_000) if GIVEN == "new" else int(GIVEN)
ROUNDS = int(os.environ.get("ORDO_TURMOIL_ROUNDS") or 1)
SIZE = int(os.environ.get("ORDO_TURMOIL_ORDERS") or 20)
LASTS, PATIENCE = 8.0, 120.0
"""Seconds within which everything goes wrong, and within which all must have ended."""
QUICK = {"delivery": 0.6, "booking": 0.5, "appointment": 0.5, "activation": 0.3, "handover": 0.5, "rollout": 0.3}
DEFINITIONS = ROOT / "definitions"


@pytest.mark.parametrize("seed", range(SEED, SEED + ROUNDS))
async def test_systems_hold_what_the_orders_say(seed: int, tmp_path: Path) -> None:
    undoable = {
        step.reference
        for stream in load_catalogue(DEFINITIONS).workstreams.values()
        for step in stream.steps.values()
        if step.definition.undo is not None
    }

    async def live(stack: RunningStack) -> list[str]:
        people = People(stack, Turmoil(seed, SIZE, LASTS, kills=2))
        ended = await people.live_through(PATIENCE)
        sys.stderr.write(f"\n{people.name}: {dict(people.done)}\n")
        told = stack.folder.log_file("worker").read_text(encoding="utf-8")
        assert "Nondeterminism" not in told, f"{people.name}: a killed worker's orders do not replay"
        return list(faults_in(ended, undoable, await people.records()))

    options = StackOptions(definitions=DEFINITIONS, data=tmp_path / "data", ports=free_ports(), fresh=True)
    faults = await run_stack(options, lambda _line: None, live, QUICK)
    assert not faults, f"seed {seed}:\n" + "\n".join(faults)

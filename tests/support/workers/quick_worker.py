"""`python worker.py`, but for the pause between two writings to the ledger: who acts waits for the next one."""

from __future__ import annotations

import runpy

from ledger.feed import write_pace

INTERVAL = 0.02
"""Seconds. A worker takes longer pauses, to use less of the processor."""

if __name__ == "__main__":
    write_pace.MIN_INTERVAL = INTERVAL
    runpy.run_module("worker", run_name="__main__", alter_sys=True)

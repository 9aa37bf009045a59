"""`python -m stack.watchdog SECONDS`: ends the stack's processes when the process that started them is gone.

That process writes lines to standard input: `+PID` when a process starts, `-PID` when it has ended. When the pipe
closes, the watchdog asks the processes that still run to end, and kills them after SECONDS. Each process leads a
process group, so that the processes that it started end with it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress


def _signal_groups(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)


def _find_running(pids: set[int]) -> set[int]:
    running = set()
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, 0)
            running.add(pid)
    return running


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the pipe closes
    pids: set[int] = set()
    for line in sys.stdin:
        pid = int(line[1:])
        (pids.add if line[0] == "+" else pids.discard)(pid)
    _signal_groups(pids, signal.SIGTERM)
    deadline = time.monotonic() + float(sys.argv[1])
    while pids and time.monotonic() < deadline:
        time.sleep(0.05)
        pids = _find_running(pids)
    _signal_groups(pids, signal.SIGKILL)


if __name__ == "__main__":
    main()

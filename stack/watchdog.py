"""`python -m stack.watchdog SECONDS`: ends the stack's processes when the one that started them is gone.

Standard input is the one end of a pipe whose other end that process holds: `+PID` and `-PID`, a line each, say what
runs. When the pipe ends, whatever still runs is asked to end, and killed if it has not after so many seconds.
Each process leads a process group of its own, so that what it started ends with it.
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
    found = set()
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, 0)
            found.add(pid)
    return found


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # its end is the pipe's
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

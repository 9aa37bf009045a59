"""The command line: `python starter.py COMMAND`, or `ordo COMMAND` after an install."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Runs the command and exits with its status. Ctrl-C prints no traceback."""
    try:
        from cli.app import main as run

        status = run()
    except KeyboardInterrupt:
        status = 130
    exit_process(status)


def exit_process(status: int) -> None:
    """Ends the process. Standard output and error must have been flushed.

    Threads of the Temporal client may still release Python objects. One time in forty that aborts an interpreter that
    is shutting down, so the shutdown is skipped. Without them only its garbage collection is: after a large catalogue
    it takes seconds.
    """
    if "temporalio" in sys.modules:
        os._exit(status)
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()

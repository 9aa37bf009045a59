"""The command line: `python starter.py COMMAND`, or `ordo COMMAND` after an install."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Runs the command that the arguments name and exits with its status; Ctrl-C at any moment is quiet."""
    try:
        from cli.app import main as run

        status = run()
    except KeyboardInterrupt:
        status = 130
    exit_process(status)


def exit_process(status: int) -> None:
    """Ends the process. Standard output and error have been flushed.

    Threads of the Temporal client may still be letting go of Python objects; an interpreter that takes itself apart
    meanwhile aborts, one time in forty. So it is not given the time.
    """
    if "temporalio" in sys.modules:
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    main()

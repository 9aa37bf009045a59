"""The command line: `python starter.py COMMAND`, or `ordo COMMAND` after an install."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command that the arguments name and exits with its status; Ctrl-C at any moment is quiet."""
    try:
        from cli.app import main as run

        sys.exit(run())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

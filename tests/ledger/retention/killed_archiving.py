"""Archives all ended orders, and kills itself amid the second file: `URL FOLDER MOMENT`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from ledger.database import open_ledger
from ledger.retention import archive_folder, archive_writing
from ledger.retention.archive_folder import ArchiveFolder
from ledger.retention.archive_orders import archive_orders
from ledger.retention.archive_rules import rules_for
from tests.ledger.retention.ledger_orders import LATER

MOMENTS: dict[str, tuple[object, str, int]] = {
    "sync": (archive_folder, "_sync", 4),
    "write": (ArchiveFolder, "write", 2),
    "forget_leftovers": (archive_writing, "forget_leftovers", 2),
}
"""Moment → what is called then, and at which call the process dies, once it has returned."""


def die_after(owner: object, name: str, calls: int) -> None:
    real: Callable[..., Any] = getattr(owner, name)
    count = 0

    def counted(*arguments: Any) -> Any:
        nonlocal count
        result = real(*arguments)
        count += 1
        if count == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, counted)


if __name__ == "__main__":
    url, folder, moment = sys.argv[1:]
    die_after(*MOMENTS[moment])
    archive_orders(
        open_ledger(url), ArchiveFolder(Path(folder)), rules_for((), timedelta(days=30)), LATER, batch_size=2
    )

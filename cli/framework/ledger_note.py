"""What to do if a command finds no ledger: that of a stack is found by itself only while the stack runs."""

from __future__ import annotations

import os
import sys


def ledger_note(error: Exception) -> str | None:
    """Does not import the client: a command that called no server has no such error."""
    errors = sys.modules.get("operations.errors")
    if errors is None:
        return None
    if isinstance(error, errors.NoLedger):
        if setting := _setting_of_ended_stack():
            return f"The stack that ran here has left its ledger. To read it while the stack is not up, set {setting}"
        return (
            "`up` and `demo` have a ledger: in the folder in which one of them runs, commands find it by themselves. "
            "If it runs with another --data DIR, set ORDO_LEDGER_URL=sqlite:///DIR/ledger.sqlite"
        )
    if isinstance(error, errors.ServerUnreachable) and (setting := _setting_of_ended_stack(error.address)):
        return f"`list`, `show`, `report` and `export` can read the ledger that the stack here has left: set {setting}"
    return None


def _setting_of_ended_stack(temporal_address: str | None = None) -> str | None:
    from operations.reading.ledger_access import LEDGER_VARIABLES
    from stack.ledger_discovery import ledger_of_ended_stack, ledger_setting

    if any(os.environ.get(name) for name in LEDGER_VARIABLES):
        return None
    url = ledger_of_ended_stack(temporal_address)
    return ledger_setting(url) if url else None

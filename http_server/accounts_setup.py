"""The accounts file of a server, read at its start and again whenever it changes."""

from __future__ import annotations

from pathlib import Path

import structlog

from compiler.source.findings import Finding
from http_server.settings import InvalidSetting
from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE, AccountsRejected
from operations.access.live_accounts import LiveAccounts

log = structlog.get_logger("accounts")


def open_accounts(path: Path) -> LiveAccounts:
    """Raises InvalidSetting if the accounts file cannot be used."""
    try:
        live = LiveAccounts(path, _log_refused, _log_read)
    except OSError as error:
        reason = error.strerror or error
        raise InvalidSetting(
            f"{ACCOUNTS_FILE_VARIABLE} names {path}, which cannot be read: {reason}. "
            "`account add` of the command line creates it"
        ) from None
    except AccountsRejected as error:
        findings = "".join(f"\n  {finding}" for finding in error.findings)
        raise InvalidSetting(f"{ACCOUNTS_FILE_VARIABLE} names {path}, which has mistakes:{findings}") from None
    _log_read(len(live.accounts.accounts))
    return live


def _log_read(count: int) -> None:
    log.info("accounts read", accounts=count)


def _log_refused(findings: list[Finding]) -> None:
    log.error(
        "the accounts file cannot be used; the accounts before this change stay in force",
        findings=[str(finding) for finding in findings],
    )

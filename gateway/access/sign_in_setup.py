"""The accounts of the gateway, with its log."""

from __future__ import annotations

from pathlib import Path

import structlog

from compiler.source.findings import Finding
from gateway.settings import GatewaySettings, InvalidSetting
from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE, AccountsRejected
from operations.access.live_accounts import LiveAccounts
from operations.access.sign_in import SignIn

log = structlog.get_logger("gateway")


def create_sign_in(settings: GatewaySettings) -> SignIn:
    """Raises InvalidSetting if the accounts file cannot be used."""
    path = settings.accounts_file
    return SignIn(_read_accounts(path) if path is not None else None, settings.token)


def _read_accounts(path: Path) -> LiveAccounts:
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

"""The accounts of a stack: one for each role of people, each with a link that signs in to the console."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from compiler.source.findings import InputRejected
from operations.access.account_changes import Issued, add_account, rotate_token
from operations.access.accounts import Accounts, TokenState
from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE, changing_accounts
from operations.access.roles import Role
from operations.access.tokens import hash_matches, token_id_of
from stack.data_folder import DataFolder
from stack.errors import StackError

LINK_ROLES = (Role.ADMIN, Role.OPERATOR, Role.PUBLISHER, Role.VIEWER)
"""Each has an account of the same name."""


def own_accounts_file() -> Path | None:
    """The accounts that the person who starts the stack has named. None: the stack makes some."""
    path = os.environ.get(ACCOUNTS_FILE_VARIABLE)
    return Path(path).absolute() if path else None


def prepare_accounts(folder: DataFolder) -> None:
    """Sees to it that each role has an account whose token is known here. Links stay the same from start to start,
    unless their token was revoked. Raises StackError."""
    now = datetime.now(UTC)
    tokens = read_tokens(folder)
    try:
        with changing_accounts(folder.accounts) as change:
            accounts = change.accounts
            for role in LINK_ROLES:
                if not _is_valid(accounts, role, tokens.get(role, ""), now):
                    issued = _issue(accounts, role, now)
                    accounts, tokens[role] = issued.accounts, issued.token
            change.save(accounts)
    except (InputRejected, OSError) as error:
        raise StackError(
            f"The accounts in {folder.accounts} cannot be used: {error}. Mend the file, or delete it."
        ) from error
    folder.save_private(folder.console_tokens, json.dumps(tokens, indent=2) + "\n")


def read_tokens(folder: DataFolder) -> dict[Role, str]:
    """Those of the last start. Empty if there was none."""
    try:
        saved = json.loads(folder.console_tokens.read_text(encoding="utf-8"))
        return {Role(role): str(token) for role, token in saved.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def sign_in_links(console: str, tokens: Mapping[Role, str]) -> dict[Role, str]:
    """A fragment is never sent to a server: the token is in no log and in no `Referer`."""
    return {role: f"{console}/sign-in#token={tokens[role]}" for role in LINK_ROLES if role in tokens}


def _is_valid(accounts: Accounts, role: Role, token: str, now: datetime) -> bool:
    account = accounts.accounts.get(role)
    record = account.tokens.get(token_id_of(token) or "") if account is not None else None
    return record is not None and record.state(now) is TokenState.VALID and hash_matches(token, record.hash)


def _issue(accounts: Accounts, role: Role, now: datetime) -> Issued:
    if role in accounts.accounts:
        return rotate_token(accounts, role, now, overlap=timedelta(0))
    return add_account(accounts, role, [role], [], now)

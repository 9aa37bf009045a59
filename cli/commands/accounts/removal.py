"""`account revoke` and `account remove`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.commands.accounts.options import PANEL, AccountArgument, FileOption, accounts_path
from cli.framework.command import register_command
from cli.framework.session import Session


def register(app: typer.Typer) -> None:
    register_command(app, "revoke", PANEL)(revoke)
    register_command(app, "remove", PANEL)(remove)


def revoke(
    session: Session,
    name: AccountArgument,
    token_id: Annotated[
        str | None, typer.Argument(metavar="[TOKEN_ID]", help="Only this token, as `list` shows it. Default: all.")
    ] = None,
    file: FileOption = None,
) -> None:
    """Refuse a token of an account from now on, or all of them."""
    from operations.access.account_changes import revoke_tokens
    from operations.access.accounts_file import changing_accounts

    with changing_accounts(accounts_path(file)) as change:
        accounts, ended = revoke_tokens(change.accounts, name, datetime.now(UTC).replace(microsecond=0), token_id)
        if ended:
            change.save(accounts)
    message = f"Revoked: {', '.join(ended)}." if ended else "No token was valid; nothing is changed."
    session.print_result({"account": name, "revoked": ended}, message)


def remove(session: Session, name: AccountArgument, file: FileOption = None) -> None:
    """Remove an account with all its tokens."""
    from operations.access.account_changes import remove_account
    from operations.access.accounts_file import changing_accounts

    with changing_accounts(accounts_path(file)) as change:
        change.save(remove_account(change.accounts, name))
    session.print_result({"account": name, "removed": True}, f"Account {name} is removed; its tokens are refused.")

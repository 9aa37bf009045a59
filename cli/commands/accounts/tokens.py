"""`account add` and `account rotate`: they print a new token, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.accounts.options import PANEL, AccountArgument, ExpiresOption, FileOption, accounts_path
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import value_option
from cli.framework.session import Session
from cli.user_input.value_parsing import parse_until
from compiler.language.durations import parse_duration
from operations.access.roles import Role

if TYPE_CHECKING:
    from operations.access.account_changes import Issued

ROLE_HELP = "What it may do; may be repeated. docs/access.md has the table."


def register(app: typer.Typer) -> None:
    register_command(app, "add", PANEL)(add)
    register_command(app, "rotate", PANEL)(rotate)


def add(
    session: Session,
    name: AccountArgument,
    role: Annotated[list[Role], typer.Option("--role", help=ROLE_HELP)],
    queue: Annotated[
        list[str] | None, value_option("QUEUE", "An operator acts only on the work in this queue; may be repeated.")
    ] = None,
    expires: ExpiresOption = None,
    file: FileOption = None,
) -> None:
    """Add an account, and print its token.

    Only a hash of the token is kept: it cannot be printed again.
    """
    from operations.access.account_changes import add_account
    from operations.access.accounts_file import changing_accounts

    path, now = accounts_path(file), _now()
    end = parse_until(expires, now, "--expires")
    with changing_accounts(path) as change:
        issued = add_account(change.accounts, name, role, queue or (), now, end)
        change.save(issued.accounts)
    _print_token(session, name, issued, f"Account {name} is added to {path}.")


def rotate(
    session: Session,
    name: AccountArgument,
    overlap: Annotated[
        str, typer.Option(metavar="DURATION", help="How long the tokens before stay valid; 0s ends them at once.")
    ] = "1d",
    expires: ExpiresOption = None,
    file: FileOption = None,
) -> None:
    """Print a new token of an account; the ones before stay valid for a while."""
    from operations.access.account_changes import rotate_token
    from operations.access.accounts_file import changing_accounts

    path, now = accounts_path(file), _now()
    end = parse_until(expires, now, "--expires")
    kept = _parse_overlap(overlap, now)
    with changing_accounts(path) as change:
        issued = rotate_token(change.accounts, name, now, kept, end)
        change.save(issued.accounts)
    until = f"until {now + kept:%Y-%m-%d %H:%M:%S} UTC, or until they expire" if kept else "no longer"
    _print_token(session, name, issued, f"The tokens of {name} before this one are valid {until}.")


def _parse_overlap(text: str, now: datetime) -> timedelta:
    try:
        overlap = timedelta(0) if text.strip() in ("0", "0s") else parse_duration(text)
        _ = now + overlap
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--overlap: {error}") from error
    return overlap


def _print_token(session: Session, name: str, issued: Issued, note: str) -> None:
    document = {"account": name, "token_id": issued.token_id, "token": issued.token}
    session.print_result(document, issued.token)
    session.print_note(f"{note} The token is shown only now: `Authorization: Bearer …`")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)

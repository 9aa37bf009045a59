"""The accounts in force in a running program. The file is read again when it changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from compiler.source.findings import Finding, SourceLocation, finding_at
from operations.access.accounts import Accounts, TokenRecord
from operations.access.accounts_file import AccountsRejected, read_accounts
from operations.access.person import Person

FileStamp = tuple[int, int, int]
"""Inode, time of the last change, and size: a changed file has another stamp."""


class LiveAccounts:
    """The last good content of the file. A change that cannot be used changes nothing."""

    def __init__(
        self, path: Path, report_refused: Callable[[list[Finding]], None], report_read: Callable[[int], None]
    ) -> None:
        """Reads the file. `report_refused` is called with each change that cannot be used, `report_read` with the
        number of accounts after each other one. Raises AccountsRejected and OSError."""
        self._path = path
        self._report_refused = report_refused
        self._report_read = report_read
        self._stamp = self._read_stamp()
        self._use(read_accounts(path))

    def tokens(self) -> Mapping[str, tuple[str, TokenRecord]]:
        """Token id → name of the account, token; as in the file now."""
        self._refresh()
        return self._tokens

    def people(self) -> Collection[Person]:
        """As in the file now."""
        self._refresh()
        return [account.person(name) for name, account in self._accounts.accounts.items()]

    def names(self) -> Collection[str]:
        """As in the file now."""
        self._refresh()
        return self._accounts.accounts.keys()

    @property
    def accounts(self) -> Accounts:
        return self._accounts

    def _use(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._tokens = accounts.tokens_by_id()

    def _refresh(self) -> None:
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            accounts = read_accounts(self._path)
        except AccountsRejected as error:
            self._report_refused(list(error.findings))
        except OSError as error:
            message = f"the file cannot be read: {error.strerror or error}"
            self._report_refused([finding_at(SourceLocation(str(self._path)), "file-unreadable", message)])
        else:
            self._use(accounts)
            self._report_read(len(accounts.accounts))

    def _read_stamp(self) -> FileStamp | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

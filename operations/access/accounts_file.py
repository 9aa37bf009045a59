"""Reads and writes the accounts file. A broken one gives findings with line and column, and no accounts."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml
from pydantic import ValidationError

from compiler.source.document import Document
from compiler.source.findings import Finding, InputRejected, SourceLocation, finding_at
from compiler.source.schema_errors import schema_findings
from compiler.source.yaml_reader import read_documents
from operations.access.accounts import Accounts

ACCOUNTS_FILE_VARIABLE = "ORDO_ACCOUNTS_FILE"
NEW_FILE_MODE = 0o600
HEADER = """\
# Accounts: names, roles and hashes of tokens (docs/access.md). Gateway and console read it again when it changes.
# Commands write it anew. They keep the lines above `accounts`, and no other comments.
"""


class AccountsRejected(InputRejected):
    """The accounts file cannot be used."""


def read_accounts(path: Path) -> Accounts:
    """Raises AccountsRejected with all findings, and OSError if the file cannot be read."""
    return parse_accounts(path.read_bytes(), str(path))


def parse_accounts(text: bytes, file: str) -> Accounts:
    """`file` is its name in findings. An empty file has no accounts. Raises AccountsRejected."""
    read = read_documents(text, file)
    if read.findings:
        raise AccountsRejected(read.findings)
    if not read.documents:
        return Accounts()
    document, *others = read.documents
    if others:
        raise AccountsRejected(
            [finding_at(others[0].location(), "value-invalid", "the file has one document: remove `---`")]
        )
    try:
        accounts = Accounts.model_validate(document.data)
    except ValidationError as error:
        raise AccountsRejected(schema_findings(error, Accounts, document.data, document.location)) from None
    if repeated := _repeated_tokens(accounts, document):
        raise AccountsRejected(repeated)
    return accounts


def _repeated_tokens(accounts: Accounts, document: Document) -> Sequence[Finding]:
    findings, first = [], dict[str, str]()
    for name, account in accounts.accounts.items():
        for token_id in account.tokens:
            if token_id in first:
                place: SourceLocation = document.location(("accounts", name, "tokens", token_id), key=True)
                message = f"account `{first[token_id]}` has a token `{token_id}` already: remove one of them"
                findings.append(finding_at(place, "value-invalid", message))
            first.setdefault(token_id, name)
    return findings


@contextmanager
def changing_accounts(path: Path) -> Iterator[AccountsChange]:
    """The accounts as they are, for a change that nobody else makes at the same time. A missing file has none.

    What `save` is called with replaces the file. Raises AccountsRejected, and OSError.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        text = target.read_bytes() if target.exists() else b""
        yield AccountsChange(target, parse_accounts(text, str(path)), text)
    finally:
        os.close(folder)


class AccountsChange:
    def __init__(self, path: Path, accounts: Accounts, text: bytes) -> None:
        self.accounts = accounts
        self._path = path
        self._text = text

    def save(self, accounts: Accounts) -> None:
        """Replaces the file at once, so that no reader sees a part of it."""
        data = accounts.model_dump(mode="json", exclude_defaults=True)
        body = yaml.safe_dump(data or {"accounts": {}}, sort_keys=False, allow_unicode=True, width=120)
        _replace_file(self._path, (_leading_comment(self._text.decode()) + body).encode())


def _leading_comment(text: str) -> str:
    if not text:
        return HEADER
    lines = text.splitlines(keepends=True)
    count = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    return "".join(lines[:count])


def _replace_file(path: Path, content: bytes) -> None:
    """The new file has the owner and mode of the old one: a gateway of another user still reads it."""
    before = path.stat() if path.exists() else None
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, NEW_FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if before is not None:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
                os.fchmod(file.fileno(), before.st_mode & 0o660)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise

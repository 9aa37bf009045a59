"""Decodes the text of a file: UTF-8 of limited size. Some characters are forbidden in YAML."""

from __future__ import annotations

import re

from compiler.source.findings import Finding

MAX_FILE_BYTES = 16 * 1024 * 1024
"""Bytes of one file. A larger one is misplaced data, or an attack."""


def file_finding(
    file: str, code: str, message: str, line: int = 0, column: int = 0, *, warning: bool = False
) -> Finding:
    severity = "warning" if warning else "error"
    return Finding(file=file, line=line, column=column, code=code, message=message, severity=severity)


def file_too_large(file: str, size: int) -> Finding:
    message = f"{file} has {size / 1024 / 1024:.1f} MB; a file may have {MAX_FILE_BYTES // 1024 // 1024} MB: split it"
    return file_finding(file, "file-too-large", message)


class UnreadableError(Exception):
    """The rest of this file cannot be read."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


def _decode_utf8(raw: bytes, file: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line, column = line_and_column(raw[: error.start].decode())
        message = f"this is not UTF-8 text (byte 0x{raw[error.start]:02x}): save the file as UTF-8"
        raise UnreadableError(file_finding(file, "yaml-encoding", message, line, column)) from None


LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line in YAML 1.1, which the parser reads."""


def line_and_column(before: str) -> tuple[int, int]:
    """The place after the text `before`, from 1."""
    lines = LINE_BREAK.split(before)
    return len(lines), len(lines[-1]) + 1


_FORBIDDEN_CHARACTER = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decode_text(text: str | bytes, file: str) -> str:
    """Raises UnreadableError if it is too large, or not UTF-8."""
    if len(text) > MAX_FILE_BYTES:
        raise UnreadableError(file_too_large(file, len(text)))
    if isinstance(text, bytes):
        text = _decode_utf8(text, file)
    return text.removeprefix("\ufeff")


def require_allowed_characters(text: str, file: str) -> None:
    """Raises UnreadableError at the first character that YAML forbids."""
    if bad := _FORBIDDEN_CHARACTER.search(text):
        line, column = line_and_column(text[: bad.start()])
        shown = "a NUL character" if bad[0] == "\0" else f"the control character U+{ord(bad[0]):04X}"
        raise UnreadableError(
            file_finding(file, "yaml-encoding", f"{shown} is not allowed in YAML: remove it", line, column)
        )

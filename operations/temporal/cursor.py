"""Cursors: where a list continues, as text that clients keep between two pages."""

from __future__ import annotations

import base64
import zlib

from operations.errors import OperationRefused
from workflows.contract.order_messages import RefusalCode

CHECKSUM_BYTES = 4


def encode_cursor(page_token: bytes | None) -> str | None:
    """Adds a checksum to the server's token, because the server answers an unknown token with an internal error."""
    if not page_token:
        return None
    return base64.urlsafe_b64encode(zlib.crc32(page_token).to_bytes(CHECKSUM_BYTES) + page_token).decode()


def decode_cursor(cursor: str | None) -> bytes | None:
    """Raises OperationRefused for a cursor that no page returned."""
    if cursor is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(cursor)
    except ValueError:
        decoded = b""
    checksum, page_token = decoded[:CHECKSUM_BYTES], decoded[CHECKSUM_BYTES:]
    if not page_token or checksum != zlib.crc32(page_token).to_bytes(CHECKSUM_BYTES):
        raise OperationRefused(RefusalCode.INVALID, "The cursor is not one that this list returned")
    return page_token

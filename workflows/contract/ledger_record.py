"""The query `ledger_record`: everything that an order tells the ledger, also once it has ended.

The record is compressed, and comes in pages: a query result over 2 MB fails.
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from pydantic import TypeAdapter

from workflows.contract.order_changes import OrderChange
from workflows.contract.order_messages import Message

PAGE_BYTES = 1_000_000
"""Base64 adds a third."""
MAX_READS = 5
"""How often a record is read again because the order has changed between two pages."""

CHANGE_ADAPTER: TypeAdapter[OrderChange] = TypeAdapter(OrderChange)


class LedgerRecordRequest(Message):
    offset: int = 0
    """Bytes."""


class LedgerRecordPage(Message):
    data: bytes
    """A part of the compressed JSON of an OrderChange."""
    digest: str
    """Of the whole record. Pages with different digests do not belong together: the order has changed between them."""
    next_offset: int | None = None


class RecordChanging(Exception):
    """The order has changed whenever its record was read."""


def record_page(change: OrderChange, request: LedgerRecordRequest) -> LedgerRecordPage:
    packed = zlib.compress(CHANGE_ADAPTER.dump_json(change), 1)
    end = max(request.offset, 0) + PAGE_BYTES
    return LedgerRecordPage(
        data=packed[max(request.offset, 0) : end],
        digest=blake2b(packed, digest_size=16).hexdigest(),
        next_offset=end if end < len(packed) else None,
    )


async def read_record(ask: Callable[[LedgerRecordRequest], Awaitable[LedgerRecordPage]]) -> OrderChange:
    """The complete change that the pages contain. Raises RecordChanging, and what `ask` raises."""
    for _ in range(MAX_READS):
        pages = [await ask(LedgerRecordRequest())]
        while pages[-1].next_offset is not None:
            pages.append(await ask(LedgerRecordRequest(offset=pages[-1].next_offset)))
        if len({page.digest for page in pages}) == 1:
            return CHANGE_ADAPTER.validate_json(zlib.decompress(b"".join(page.data for page in pages)))
    raise RecordChanging(f"the order has changed during each of {MAX_READS} attempts to read its record")

"""Writes and reads the content of a stored catalogue, in pieces that Temporal accepts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows.contract.catalogue_messages import (
    CONTENT_WORKFLOW_TYPE,
    MEMO_VERSION,
    SIGNAL_PIECE,
    StoredContent,
    content_workflow_id,
)

PIECE_BYTES = 1_500_000
"""A payload holds 2 MB."""
MAX_PIECES = 16
READ_ATTEMPTS, READ_INTERVAL = 10, 0.2
"""Seconds between two attempts; together they outlast a workflow task that does nothing."""
HISTORY_PAGE_EVENTS = 8
"""Events that are read at once: each may hold a piece, and the server answers with all of them in one message."""


class ContentTooLarge(Exception):
    """The catalogue does not fit into the store."""


class ContentStore:
    def __init__(
        self, client: Client, task_queue: str, workflow_id: Callable[[StoredContent], str] | None = None
    ) -> None:
        """`workflow_id`: of the workflow that holds a content; by default as a worker keeps its catalogue."""
        self._client = client
        self._task_queue = task_queue
        self._workflow_id = workflow_id or self._id_of_kept

    async def write(self, version: str, content: bytes) -> StoredContent:
        """Returns once all of it is durable, which needs no worker. Does nothing if it is there already.

        `version`: "" for an environment. Raises ContentTooLarge and RPCError.
        """
        pieces = [content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES)] or [b""]
        if len(pieces) > MAX_PIECES:
            raise ContentTooLarge(
                f"the catalogue has {len(content) / 1e6:.1f} MB when compressed; at most "
                f"{MAX_PIECES * PIECE_BYTES / 1e6:.0f} MB are kept"
            )
        stored = StoredContent(version=version, digest=_digest(content), pieces=len(pieces))
        if await self._start(stored, pieces[0]):
            known = {0}
        elif len(pieces) == 1:
            return stored
        else:  # another worker may have died while it wrote
            known = set(await self._read_pieces(stored))
        handle = self._client.get_workflow_handle(self._workflow_id(stored))
        for number, piece in enumerate(pieces):
            if number not in known:
                await handle.signal(SIGNAL_PIECE, args=[number, piece])
        return stored

    async def read(self, stored: StoredContent) -> bytes | None:
        """None if it is not there, or not whole. Needs no worker. Raises RPCError.

        Pieces that arrive while a workflow task runs are missing from the history until the task has ended, so it is
        read again for a moment.
        """
        for _ in range(READ_ATTEMPTS):
            pieces = await self._read_pieces(stored)
            content = b"".join(pieces.get(number, b"") for number in range(stored.pieces))
            if _digest(content) == stored.digest:
                return content
            if not pieces:
                return None
            await asyncio.sleep(READ_INTERVAL)
        return None

    async def find(self, version: str) -> StoredContent | None:
        """A content with the definitions of this catalogue version, also one that has been released lately.

        Visibility lags behind: one that was written in the last second may be missing. Raises RPCError.
        """
        prefix = content_workflow_id(self._task_queue, version, "")
        query = f"WorkflowType = '{CONTENT_WORKFLOW_TYPE}' AND WorkflowId STARTS_WITH '{prefix}'"
        async for execution in self._client.list_workflows(query, limit=1):
            handle = self._client.get_workflow_handle(execution.id)
            async for event in handle.fetch_history_events(page_size=1):
                started = event.workflow_execution_started_event_attributes
                stored, _ = await self._decode(started.input.payloads, StoredContent)
                found: StoredContent = stored
                return found
        return None

    async def is_kept(self, stored: StoredContent) -> bool:
        """Raises RPCError."""
        try:
            described = await self._client.get_workflow_handle(self._workflow_id(stored)).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return described.status is WorkflowExecutionStatus.RUNNING

    def _id_of_kept(self, stored: StoredContent) -> str:
        return content_workflow_id(self._task_queue, stored.version, stored.digest)

    async def _start(self, stored: StoredContent, first_piece: bytes) -> bool:
        """False if it already runs."""
        what = f"Catalogue {stored.version}" if stored.version else "Systems and receivers"
        try:
            await self._client.start_workflow(
                CONTENT_WORKFLOW_TYPE,
                args=[stored, first_piece],
                id=self._workflow_id(stored),
                task_queue=self._task_queue,
                memo={MEMO_VERSION: stored.version},
                static_summary=what[:100],
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _read_pieces(self, stored: StoredContent) -> dict[int, bytes]:
        handle = self._client.get_workflow_handle(self._workflow_id(stored))
        pieces: dict[int, bytes] = {}
        try:
            async for event in handle.fetch_history_events(page_size=HISTORY_PAGE_EVENTS):
                pieces |= await self._piece_of(event)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
        return pieces

    async def _piece_of(self, event: HistoryEvent) -> dict[int, bytes]:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            started = event.workflow_execution_started_event_attributes
            _, piece = await self._decode(started.input.payloads, StoredContent)
            return {0: piece}
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
            signalled = event.workflow_execution_signaled_event_attributes
            if signalled.signal_name == SIGNAL_PIECE:
                number, piece = await self._decode(signalled.input.payloads, int)
                return {number: piece}
        return {}

    async def _decode(self, payloads: Any, first_type: type) -> list[Any]:
        return await self._client.data_converter.decode(payloads, [first_type, bytes])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""The content of a stored catalogue: the definitions of one version, or systems and receivers.

The workflow's history is the store: the first piece is in the workflow's input, each other one in a signal. So it can
be read without a worker. The workflow runs for as long as somebody needs the content. Then it ends, and Temporal
deletes its history in time.
"""

from __future__ import annotations

from temporalio import workflow

from workflows.contract.catalogue_messages import CONTENT_WORKFLOW_TYPE, SIGNAL_PIECE, SIGNAL_RELEASE, StoredContent


@workflow.defn(name=CONTENT_WORKFLOW_TYPE, sandboxed=False)
class CatalogueContent:
    @workflow.init
    def __init__(self, content: StoredContent, first_piece: bytes) -> None:  # noqa: ARG002 - kept by the history
        self._is_released = False

    @workflow.run
    async def run(self, content: StoredContent, first_piece: bytes) -> None:  # noqa: ARG002 - kept by the history
        await workflow.wait_condition(lambda: self._is_released)

    @workflow.signal(name=SIGNAL_PIECE)
    def piece(self, number: int, piece: bytes) -> None:
        """The history keeps it."""

    @workflow.signal(name=SIGNAL_RELEASE)
    def release(self) -> None:
        self._is_released = True

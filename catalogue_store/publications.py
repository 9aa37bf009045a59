"""The published versions of a deployment. Publishing and reading need no worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from catalogue_store.content import ContentStore
from catalogue_store.open_orders import count_open_orders
from compiler.catalogue_files import CatalogueFiles
from workflows.contract.catalogue_messages import CONTENT_WORKFLOW_TYPE, StoredContent
from workflows.contract.publication_messages import (
    CANDIDATE_TIMEOUT,
    MEMO_PUBLICATION,
    PUBLISHED_WORKFLOW_TYPE,
    SIGNAL_RELEASE,
    Publication,
    candidate_workflow_id,
    files_workflow_id,
    publication_workflow_id,
    publications_prefix,
)

KEPT_PUBLICATIONS = 20
KEEP_UNUSED = timedelta(hours=1)
"""Files are written before the publication that names them."""


class NumberTaken(Exception):
    """Somebody else has published under this number."""

    def __init__(self, taken: Publication) -> None:
        self.taken = taken
        super().__init__(f"number {taken.number} is taken")


class PublishingNow(Exception):
    """Somebody else is publishing at this moment."""

    def __init__(self, candidate: Publication) -> None:
        self.candidate = candidate
        super().__init__(f"{candidate.by} is publishing number {candidate.number}")


@dataclass(frozen=True, slots=True)
class Candidate:
    id: str
    """The run id of its workflow."""
    publication: Publication


class PublicationStore:
    """Every method raises RPCError if Temporal does not answer."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._files = ContentStore(client, task_queue, lambda stored: files_workflow_id(task_queue, stored.digest))

    async def read_latest(self) -> Publication | None:
        """The last publication, which says what is in force. None if there never was one."""
        kept = await self.list_kept()
        newest = kept[0] if kept else None
        # Visibility lags behind; a record is never stale.
        return await self.read_later(newest.number if newest else 0) or newest

    async def read_later(self, number: int) -> Publication | None:
        """The last publication after this number. None if there is none."""
        last = None
        while (found := await self.read(number + 1)) is not None:
            last, number = found, number + 1
        return last

    async def read(self, number: int) -> Publication | None:
        described = await self._describe(publication_workflow_id(self._task_queue, number))
        return _publication(await described.memo()) if described is not None else None

    async def list_kept(self) -> list[Publication]:
        """Those that are kept, the newest first. The very last one may be missing for about a second."""
        query = f"WorkflowType = '{PUBLISHED_WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'"
        prefix = publications_prefix(self._task_queue)
        found = [
            _publication(await execution.memo())
            async for execution in self._client.list_workflows(query)
            if execution.id.startswith(prefix) and execution.id.removeprefix(prefix).isdecimal()
        ]
        return sorted((each for each in found if each is not None), key=lambda each: -each.number)

    async def write_files(self, version: str, packed: bytes) -> StoredContent:
        """Returns once all of it is durable. `packed`: the result of CatalogueFiles.pack. Raises ContentTooLarge."""
        return await self._files.write(version, packed)

    async def read_files(self, publication: Publication) -> CatalogueFiles | None:
        """None if they are not kept any more, or nothing is published. Raises UnreadablePack."""
        packed = await self.read_packed_files(publication)
        return CatalogueFiles.unpack(packed) if packed is not None else None

    async def read_packed_files(self, publication: Publication) -> bytes | None:
        return await self._files.read(publication.content) if publication.content is not None else None

    async def propose(self, publication: Publication) -> Candidate:
        """Asks the workers whether they can take the version. Raises PublishingNow."""
        workflow_id = candidate_workflow_id(self._task_queue)
        try:
            handle = await self._client.start_workflow(
                PUBLISHED_WORKFLOW_TYPE,
                publication,
                id=workflow_id,
                task_queue=self._task_queue,
                memo=_memo(publication),
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                execution_timeout=CANDIDATE_TIMEOUT,
                static_summary=f"About to be published as {publication.number}",
            )
        except WorkflowAlreadyStartedError:
            candidate = await self.read_candidate()
            if candidate is None:  # it has just ended
                return await self.propose(publication)
            raise PublishingNow(candidate.publication) from None
        return Candidate(handle.result_run_id or "", publication)

    async def read_candidate(self) -> Candidate | None:
        """None if nobody is publishing."""
        described = await self._describe(candidate_workflow_id(self._task_queue))
        if described is None or described.status is not WorkflowExecutionStatus.RUNNING:
            return None
        publication = _publication(await described.memo())
        return Candidate(described.run_id, publication) if publication is not None else None

    async def withdraw(self, candidate: Candidate) -> None:
        """The workers are not asked any longer. Does nothing if it has ended."""
        handle = self._client.get_workflow_handle(candidate_workflow_id(self._task_queue), run_id=candidate.id)
        try:
            await handle.terminate(reason=f"{candidate.publication.by} has ended publishing")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def put_in_force(self, publication: Publication) -> None:
        """From here on it is in force. Raises NumberTaken."""
        try:
            await self._start(publication, WorkflowIDReusePolicy.REJECT_DUPLICATE, WorkflowIDConflictPolicy.FAIL)
        except WorkflowAlreadyStartedError:
            taken = await self.read(publication.number)
            raise NumberTaken(taken or publication) from None

    async def keep(self, publication: Publication, files: CatalogueFiles | None) -> None:
        """Writes again what somebody has terminated of it. Raises ContentTooLarge."""
        content = publication.content
        if content is not None and files is not None and not await self._files.is_kept(content):
            await self._files.write(publication.version, files.pack())
        described = await self._describe(publication_workflow_id(self._task_queue, publication.number))
        if described is None or described.status is not WorkflowExecutionStatus.RUNNING:
            await self._start(publication, WorkflowIDReusePolicy.ALLOW_DUPLICATE, WorkflowIDConflictPolicy.USE_EXISTING)

    async def release_unused(self) -> None:
        """Ends the workflows of publications that are not kept any longer, and of files that none of these needs.

        Kept are the newest KEPT_PUBLICATIONS, and those with a catalogue version that an open order was compiled with.
        """
        kept: list[Publication] = []
        for position, publication in enumerate(await self.list_kept()):
            if position < KEPT_PUBLICATIONS or await self._is_used(publication):
                kept.append(publication)
            else:
                await self._release(publication_workflow_id(self._task_queue, publication.number))
        candidate = await self.read_candidate()
        needed = [*kept, *([candidate.publication] if candidate is not None else [])]
        contents = {files_workflow_id(self._task_queue, each.content.digest) for each in needed if each.content}
        async for workflow_id in self._kept_files():
            if workflow_id not in contents:
                await self._release(workflow_id)

    async def _kept_files(self) -> AsyncIterator[str]:
        """The ids of the workflows that hold files, except those that have just been written."""
        written_before = (datetime.now(UTC) - KEEP_UNUSED).isoformat(timespec="seconds").replace("+00:00", "Z")
        query = (
            f"WorkflowType = '{CONTENT_WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' "
            f"AND StartTime < '{written_before}'"
        )
        prefix = files_workflow_id(self._task_queue, "")
        async for found in self._client.list_workflows(query):
            if found.id.startswith(prefix):
                yield found.id

    async def _is_used(self, publication: Publication) -> bool:
        return publication.content is not None and await count_open_orders(self._client, publication.version) > 0

    async def _release(self, workflow_id: str) -> None:
        try:
            await self._client.get_workflow_handle(workflow_id).signal(SIGNAL_RELEASE)
        except RPCError as error:  # another worker may have been faster
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _start(
        self, publication: Publication, reuse: WorkflowIDReusePolicy, conflict: WorkflowIDConflictPolicy
    ) -> None:
        what = f"Catalogue {publication.version}" if publication.content else "Nothing"
        await self._client.start_workflow(
            PUBLISHED_WORKFLOW_TYPE,
            publication,
            id=publication_workflow_id(self._task_queue, publication.number),
            task_queue=self._task_queue,
            memo=_memo(publication),
            id_reuse_policy=reuse,
            id_conflict_policy=conflict,
            static_summary=f"{what}, published as {publication.number}"[:100],
        )

    async def _describe(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        try:
            return await self._client.get_workflow_handle(workflow_id).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or "namespace" in error.message.lower():
                raise
            return None


def _memo(publication: Publication) -> dict[str, object]:
    return {MEMO_PUBLICATION: publication.model_dump(mode="json")}


def _publication(memo: Mapping[str, object]) -> Publication | None:
    value = memo.get(MEMO_PUBLICATION)
    return Publication.model_validate(value) if value is not None else None

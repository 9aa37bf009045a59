"""A published version of the catalogue, or one that is about to be published. The memo holds all of it.

The workflow runs for as long as the version is kept. Then it ends, and Temporal deletes it in time.
"""

from __future__ import annotations

from temporalio import workflow

from workflows.contract.publication_messages import PUBLISHED_WORKFLOW_TYPE, SIGNAL_RELEASE, Publication


@workflow.defn(name=PUBLISHED_WORKFLOW_TYPE, sandboxed=False)
class PublishedCatalogue:
    @workflow.init
    def __init__(self, publication: Publication) -> None:  # noqa: ARG002 - kept by the history
        self._is_released = False

    @workflow.run
    async def run(self, publication: Publication) -> None:  # noqa: ARG002 - kept by the history
        await workflow.wait_condition(lambda: self._is_released)

    @workflow.signal(name=SIGNAL_RELEASE)
    def release(self) -> None:
        self._is_released = True

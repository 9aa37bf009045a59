"""The bodies of requests that act on everything that fits."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from compiler.source.findings import did_you_mean
from gateway.request_models import ActorBody
from gateway.value_types import Count, Flag, Moment, Number
from operations.access.person import Person
from operations.bulk.bulk_actions import BulkCommand
from operations.bulk.bulk_jobs import JOB_ACTIONS, JOB_ID_PATTERN
from operations.bulk.bulk_runner import BulkFilter, BulkPacing
from operations.bulk.bulk_selection import WorklistKind
from workflows.contract.actions import ActionSpec


class BulkBody(ActorBody):
    """Which steps or orders the action is for. A criterion that is not given does not matter."""

    system: str | None = Field(None, max_length=200, description="Steps that call this system")
    code: str | None = Field(None, max_length=200, description="Steps that failed with this code")
    product: str | None = Field(None, max_length=200, description="Orders of this commercial product")
    customer: str | None = Field(None, max_length=200)
    queue: str | None = Field(None, max_length=200)
    since: Moment | None = Field(None, description="Only what has begun to wait since then")
    limit: Count | None = Field(None, description="At most this many; what has waited longest comes first")
    tasks: Flag = Field(False, description="`complete`, `claim`, `assign`: open tasks instead of steps in fallout")
    data: dict[str, Any] | None = Field(None, description="As for one step; each action's own route describes it")
    override: str | None = Field(None, min_length=1, max_length=2000)
    take_over: Flag = Field(False, description="Also act on steps that somebody else holds; otherwise they are left")
    pace: Number = Field(5.0, ge=0.01, le=1000, description="Actions per second")
    stop_after: Count | None = Field(5, description="Stop when this many have failed; null: never")

    def to_command(self, action: ActionSpec, person: Person) -> BulkCommand:
        criteria = BulkFilter(self.system, self.code, self.product, self.customer, self.queue, self.since, self.limit)
        worklist: WorklistKind = "tasks" if self.tasks else "fallout"
        actor = person.actor(self.by, self.reason)
        return BulkCommand(action, actor, criteria, worklist, self.data, self.override, self.take_over)

    @property
    def pacing(self) -> BulkPacing:
        return BulkPacing(self.pace, self.stop_after)


class BulkActionBody(BulkBody):
    dry_run: Flag = Field(False, description="Only list the targets")


def _require_job_action(name: str) -> str:
    if name not in JOB_ACTIONS:
        raise ValueError(f"no bulk job does this{did_you_mean(name, JOB_ACTIONS)}")
    return name


JobAction = Annotated[str, AfterValidator(_require_job_action), Field(json_schema_extra={"enum": [*JOB_ACTIONS]})]


class BulkJobBody(BulkBody):
    action: JobAction = Field(description="What is done with each target")
    id: str | None = Field(
        None,
        pattern=JOB_ID_PATTERN,
        description="The job's id. The same request with the same id counts once. Without one, the job gets an id.",
        examples=["retry-2026-12-01"],
    )

    @property
    def spec(self) -> ActionSpec:
        return JOB_ACTIONS[self.action]

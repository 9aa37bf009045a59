"""The bodies and path parameters of requests."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from compiler.language.order import ORDER_ID_PATTERN
from operations.bulk.bulk_actions import BulkActionName, BulkCommand
from operations.bulk.bulk_runner import BulkFilter, BulkPacing
from operations.bulk.bulk_selection import WorklistKind
from operations.events.deliver_events import content_event_id
from workflows.contract.order_messages import Actor, EventDelivery
from workflows.contract.states import StepState

OrderId = Annotated[str, Path(pattern=ORDER_ID_PATTERN, description="The order's id", examples=["HS-1001"])]
StepId = Annotated[
    str,
    Path(
        max_length=500,
        description="The step's id, percent-encoded (`#` is `%23`), or its number",
        examples=["security_camera.reserve@1"],
    ),
]


class StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


EventName = Annotated[str, Field(min_length=1, max_length=200, examples=["shipment_delivered"])]


class KeyedEventBody(StrictBody):
    """An event for whichever order waits for its name and key."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "event_id": "logistics-81",
                "name": "shipment_delivered",
                "key": "T-1",
                "payload": {"signed_by": "Elm"},
            }
        },
    )

    event_id: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="The same id counts once. Without one, the same content is the same event.",
    )
    name: EventName
    key: str | None = Field(None, max_length=200, description="What the event is about, such as a tracking number")
    payload: Any = None

    def effective_event_id(self, step: str | None = None) -> str:
        return self.event_id or content_event_id("event", self.name, self.key, self.payload, step)

    def to_delivery(self) -> EventDelivery:
        return EventDelivery(event_id=self.effective_event_id(), name=self.name, key=self.key, payload=self.payload)


class OrderEventBody(KeyedEventBody):
    """An event for a known order."""

    step: str | None = Field(
        None, max_length=500, description="The id or number of the step that it is for, where it would fit several"
    )

    def to_order_delivery(self) -> EventDelivery:
        return EventDelivery(
            event_id=self.effective_event_id(self.step),
            name=self.name,
            key=self.key,
            payload=self.payload,
            step=self.step,
        )


class ActorBody(StrictBody):
    by: str = Field(min_length=1, max_length=200, description="Who does it", examples=["ann"])
    reason: str = Field("", max_length=2000, description="Why; kept with the order", examples=["stock was counted"])

    @property
    def actor(self) -> Actor:
        return Actor(by=self.by, reason=self.reason)


class StepActionBody(ActorBody):
    data: dict[str, Any] | None = Field(
        None,
        description=(
            "For `complete`: what the form asks for. For `complete` and `skip`: the output later steps need. "
            'For `reschedule`: `{"to": time}`. For `extend`: `{"by": duration}` or `{"to": time}`, and '
            '`"limit": "within"` or `"sla"` where the step has both. Both take `"seen"`: the time that was seen.'
        ),
    )
    expected: StepState | None = Field(
        None, description="The state of the step that was seen; refused (`stale`) where it is no longer so."
    )
    expected_holder: str | None = Field(
        None,
        max_length=200,
        description="Who had it when it was seen, empty: nobody; refused (`stale`) where that is no longer so.",
    )


class OrderActionBody(ActorBody):
    line: str | None = Field(
        None, max_length=200, description="`rollback`, `hold`, `resume`: only this line, with all that stands under it"
    )
    step: str | None = Field(None, max_length=500, description="`hold`, `resume`: only this step, by id or number")
    expected: str | None = Field(
        None,
        description="The state of the order, or of `step`, that was seen; refused (`stale`) where it is another by now",
    )
    override: str | None = Field(
        None, min_length=1, max_length=2000, description="Why points of no return are not to count; kept with the order"
    )
    assess: bool = Field(False, description="`cancel`, `rollback`: only say what it would do")


class RedoBody(ActorBody):
    expected: StepState | None = Field(None, description="The state of the step that was seen")
    override: str | None = Field(None, min_length=1, max_length=2000)
    assess: bool = False


class NoteBody(StrictBody):
    by: str = Field(min_length=1, max_length=200, description="Who writes it", examples=["ann"])
    text: str = Field(min_length=1, max_length=2000, examples=["The customer calls back on Monday"])
    step: str | None = Field(None, max_length=500, description="The id or number of the step that it is about")

    @property
    def actor(self) -> Actor:
        return Actor(by=self.by)


class BulkActionBody(ActorBody):
    """Whom it is for: what is not given does not matter."""

    system: str | None = Field(None, max_length=200, description="Steps that call this system")
    code: str | None = Field(None, max_length=200, description="Steps that failed with this code")
    product: str | None = Field(None, max_length=200, description="Orders of this commercial product")
    customer: str | None = Field(None, max_length=200)
    queue: str | None = Field(None, max_length=200)
    since: AwareDatetime | None = Field(None, description="What has come up since then")
    limit: int | None = Field(None, ge=1, description="So many, what has waited longest first")
    tasks: bool = Field(False, description="`complete`, `claim`, `assign`: tasks, rather than what is in fallout")
    data: dict[str, Any] | None = Field(None, description="As for one step")
    override: str | None = Field(None, min_length=1, max_length=2000)
    dry_run: bool = Field(False, description="Only list what is meant")
    pace: float = Field(5.0, gt=0, le=1000, description="So many a second")
    stop_after: int | None = Field(5, ge=1, description="End when so many have failed; null: never")

    def to_command(self, action: BulkActionName) -> BulkCommand:
        wanted = BulkFilter(self.system, self.code, self.product, self.customer, self.queue, self.since, self.limit)
        work: WorklistKind = "tasks" if self.tasks else "fallout"
        return BulkCommand(action, self.actor, wanted, work, self.data, self.override)

    @property
    def pacing(self) -> BulkPacing:
        return BulkPacing(self.pace, self.stop_after)


class CharacteristicsBody(ActorBody):
    characteristics: dict[str, Any] = Field(min_length=1, examples=[{"paid": True}])

"""What clients send, and how it is read: strictly, since a text that two readers read differently is a hole."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Path, Request, Response
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from compiler.language.order import ORDER_ID_PATTERN
from gateway.errors import MalformedBody
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


def parse_json(body: bytes) -> Any:
    """The JSON in `body`, at most 200 levels deep. Raises Malformed, also for `NaN` and for a key that stands twice."""
    try:
        from_json(body, allow_inf_nan=False)
        return json.loads(body, object_pairs_hook=_require_unique_keys, parse_float=_parse_finite_float)
    except (ValueError, RecursionError) as error:
        raise MalformedBody(f"The body is not JSON: {str(error)[:200]}") from None


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:80]} is too large")
    return number


def _require_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise ValueError(f"the key {twice[:80]!r} stands twice")
    return found


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def is_json_media_type(media: str) -> bool:
    return media == "application/json" or media.endswith("+json")


class StrictJsonRequest(Request):
    async def json(self) -> Any:
        return parse_json(await self.body())


class StrictJsonRoute(APIRoute):
    """Reads JSON with `json_of`, and takes nothing else where the handler wants a typed body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        typed = self.body_field is not None

        async def strict(request: Request) -> Response:
            if typed and not is_json_media_type(media_type(request)):
                raise HTTPException(415, "Send JSON, with `Content-Type: application/json`")
            return await handle(StrictJsonRequest(request.scope, request.receive))

        return strict


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

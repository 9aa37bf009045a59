"""The bodies and parameters of requests."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from compiler.language.order import ORDER_ID_PATTERN
from operations.reading.order_source import Preference
from workflows.contract.event_ids import content_event_id
from workflows.contract.order_messages import EventDelivery

OrderId = Annotated[str, Path(pattern=ORDER_ID_PATTERN, description="The order's id", examples=["HS-1001"])]
StepId = Annotated[
    str,
    Path(
        max_length=500,
        description="The step's id, percent-encoded (`#` is `%23`), or its number",
        examples=["security_camera.reserve@1"],
    ),
]

OrderLimit = Annotated[int, Query(ge=1, le=1000, description="At most this many orders")]
Cursor = Annotated[str | None, Query(max_length=1000, description="Continue after a page: its `next_cursor`")]
StepOption = Annotated[str | None, Query(max_length=500, description="A step's id or number")]
SourceOption = Annotated[
    Preference,
    Query(
        description="`best`: a running order answers itself; the ledger answers for one that has ended, and if no "
        "worker does. `live`: only the order. `ledger`: only the ledger"
    ),
]
SubmissionOption = Annotated[
    int | None,
    Query(
        ge=1,
        description="This submission, from the ledger: its number in `GET /orders/{order_id}/submissions`. Default: "
        "the latest. Excludes `source=live`. Needs a ledger",
    ),
]


BY_DESCRIPTION = (
    "For whom the account acts; kept beside the account. Default: for itself. Needed with the token that clients share"
)


class StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeyedEventBody(StrictBody):
    """An event for the order that waits for its name and key."""

    model_config = ConfigDict(
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
    name: str = Field(min_length=1, max_length=200)
    key: str | None = Field(None, max_length=200, description="What the event is about, such as a tracking number")
    payload: Any = None

    def to_delivery(self, step: str | None = None) -> EventDelivery:
        event_id = self.event_id or content_event_id("event", self.name, self.key, self.payload, step)
        return EventDelivery(event_id=event_id, name=self.name, key=self.key, payload=self.payload, step=step)


class OrderEventBody(KeyedEventBody):
    """An event for a known order."""

    step: str | None = Field(
        None, max_length=500, description="The id or number of the step that it is for, if it fits several"
    )


class ActorBody(StrictBody):
    by: str | None = Field(None, min_length=1, max_length=200, description=BY_DESCRIPTION, examples=["ann"])
    reason: str = Field("", max_length=2000, description="Why; kept with the order", examples=["stock was counted"])
